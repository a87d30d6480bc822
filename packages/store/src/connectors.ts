/*
  How connections are opened. ioredis listens for one error of a socket; with TLS there may be two (Redis refuses our
  certificate, then resets the connection), and an error that nobody listens for ends the process. It also gives up for good when
  a socket cannot be made at all, as with a certificate and a key of which only one has been renewed yet: here such a
  connection fails and is tried again. Copies of a client, as BullMQ makes them, open theirs in the same way.
*/
import { connect as connectPlain, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type Redis, type RedisOptions, SentinelConnector } from 'ioredis';

type Emit = Parameters<AbstractConnector['connect']>[0];
type Stream = Awaited<ReturnType<AbstractConnector['connect']>>;

/** Gives the options of a connection the names and passwords that are to be shown with it. */
export type ShowLogin = (options: RedisOptions) => void;

/** Of the connection to a Sentinel. */
export type HearError = (error: Error) => void;

/** To one server, whose address is known. */
class ServerConnector extends AbstractConnector {
  readonly #options: RedisOptions;

  constructor(options: unknown) {
    super((options as RedisOptions).disconnectTimeout ?? 0);
    this.#options = options as RedisOptions;
  }

  connect(): Promise<Stream> {
    const { host = 'localhost', port = 6379, tls } = this.#options;
    this.connecting = true;
    this.stream = open(() => (tls ? connectTls({ host, port, ...tls }) : connectPlain({ host, port })));
    delete this.firstError;
    this.stream.on('error', (error: Error) => {
      this.firstError ??= error;
    });
    return Promise.resolve(this.stream);
  }
}

/** To the server that Sentinels name; where it is reached with TLS, they are asked with TLS as well. */
class SentinelsConnector extends SentinelConnector {
  constructor(options: unknown, hear: HearError) {
    super(options as ConstructorParameters<typeof SentinelConnector>[0]);
    const ask = Reflect.get(SentinelConnector.prototype, 'connectToSentinel') as (...args: unknown[]) => Redis;
    const askSafely = (endpoint: unknown, more: object = {}) =>
      ask.call(this, endpoint, { ...more, Connector: ServerConnector }).on('error', hear);
    Reflect.set(this, 'connectToSentinel', askSafely);
  }

  override async connect(emit: Emit): Promise<Stream> {
    const found = await super.connect(emit).catch((error: Error) => {
      if (!this.connecting) throw error;
      this.firstError = error;
      return new Socket().destroy(error);
    });
    this.stream = found;
    found.on('error', () => {});
    return found;
  }
}

export function serverConnector(show: ShowLogin) {
  return class extends ServerConnector {
    constructor(options: unknown) {
      show(options as RedisOptions);
      super(options);
    }
  };
}

export function sentinelsConnector(show: ShowLogin, hear: HearError) {
  return class extends SentinelsConnector {
    constructor(options: unknown) {
      show(options as RedisOptions);
      super(options, hear);
    }
  };
}

function open(connectNow: () => Stream): Stream {
  try {
    return connectNow();
  } catch (error) {
    return new Socket().destroy(error as Error);
  }
}
