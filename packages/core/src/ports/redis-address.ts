/*
  What REDIS_URL says: one server, a server that Sentinels name, or a Redis Cluster. Pure, because both who checks settings
  and who connects read it.

    redis[s]://[user:password@]host[:port][/database]
    redis[s]+sentinel://[user:password@]host[:port][,host[:port]...]/name
    redis[s]+cluster://[user:password@]host[:port][,host[:port]...]
*/
export interface RedisAddress {
  readonly kind: 'server' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  readonly username: string | null;
  readonly password: string | null;
  /** At least one: the server, the Sentinels, or any nodes of the cluster. */
  readonly hosts: readonly RedisHost[];
  readonly database: number;
  /** What the Sentinels call the server; empty unless they do. */
  readonly name: string;
}

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^/@]*)@)?([^/?#@]+)(?:\/([^/?#]*))?$/;
const HOST = /^(\[[0-9a-f:.]+\]|[^[\]:]+)(?::(\d{1,5}))?$/i;
const SERVER_PORT = 6379;
const SENTINEL_PORT = 26_379;
const HOSTS_MAX = 100;
const DATABASES_MAX = 100_000;

/** Null: it is none of the three. Only a server has databases; only Sentinels need a name. */
export function parseRedisAddress(text: string): RedisAddress | null {
  const match = ADDRESS.exec(text);
  if (match === null) return null;
  const [, s, kind = 'server', login = '', list = '', path = ''] = match;
  const hosts = list.split(',').map((host) => parseHost(host, kind === 'sentinel' ? SENTINEL_PORT : SERVER_PORT));
  const credentials = parseLogin(login);
  const placed = parsePath(kind, path);
  if (hosts.length > HOSTS_MAX || (kind === 'server' && hosts.length > 1)) return null;
  if (credentials === null || placed === null || !hosts.every((host) => host !== null)) return null;
  return { kind: kind as RedisAddress['kind'], tls: s === 's', ...credentials, hosts, ...placed };
}

function parseHost(text: string, portDefault: number): RedisHost | null {
  const match = HOST.exec(text);
  if (match === null) return null;
  const port = match[2] === undefined ? portDefault : Number(match[2]);
  return port >= 1 && port <= 65_535 ? { host: match[1]!.replace(/^\[|\]$/g, ''), port } : null;
}

function parseLogin(text: string): { username: string | null; password: string | null } | null {
  const colon = text.indexOf(':');
  try {
    const username = decodeURIComponent(colon === -1 ? text : text.slice(0, colon));
    const password = colon === -1 ? '' : decodeURIComponent(text.slice(colon + 1));
    return { username: username === '' ? null : username, password: password === '' ? null : password };
  } catch {
    return null;
  }
}

function parsePath(kind: string, path: string): { database: number; name: string } | null {
  if (kind === 'sentinel') return /^[\w.-]{1,100}$/.test(path) ? { database: 0, name: path } : null;
  if (kind === 'cluster') return path === '' ? { database: 0, name: '' } : null;
  return /^\d{0,6}$/.test(path) && Number(path) < DATABASES_MAX ? { database: Number(path), name: '' } : null;
}
