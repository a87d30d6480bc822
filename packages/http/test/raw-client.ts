/* Speaks bytes to a server, because a well-behaved client cannot be made to misbehave. */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly closedByServer: boolean;
  readonly ms: number;
}

/** Sends what `send` writes and reads until the server closes or one whole answer is there. */
export function exchange(port: number, send: (socket: Socket) => void, deadlineMs = 15_000): Promise<RawAnswer> {
  const began = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const socket = connect(port, '127.0.0.1');
  let text = '';
  const finish = (closedByServer: boolean) => {
    clearTimeout(deadline);
    socket.destroy();
    resolve({ ...parse(text), closedByServer, ms: performance.now() - began });
  };
  const deadline = setTimeout(() => {
    socket.destroy();
    reject(new Error(`no answer within ${deadlineMs} ms, received: ${text.slice(0, 200)}`));
  }, deadlineMs);
  socket.setEncoding('latin1');
  socket.on('connect', () => send(socket));
  socket.on('data', (chunk) => {
    text += chunk;
    const { headers, body, status } = parse(text);
    const closes = headers['connection'] === 'close';
    if (status !== 0 && !closes && headers['content-length'] === String(body.length)) finish(false);
  });
  socket.on('error', () => {});
  socket.on('close', () => finish(true));
  return promise;
}

export function post(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): (socket: Socket) => void {
  const bytes = Buffer.from(body);
  const all = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': String(bytes.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return (socket) => {
    socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    socket.write(bytes);
  };
}

function parse(text: string): { status: number; headers: Record<string, string>; body: string } {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return { status: 0, headers: {}, body: '' };
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) };
}
