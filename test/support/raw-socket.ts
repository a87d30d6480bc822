/* Speaks bytes to a server and cuts what comes back into answers: well-behaved clients cannot be made to misbehave. */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawExchange {
  readonly answers: readonly RawAnswer[];
  /** All that came, latin1. */
  readonly raw: string;
  /** The server ended the connection. */
  readonly closed: boolean;
}

export interface RawOptions {
  /** The client closes its side behind what it sends. */
  readonly halfClose?: boolean;
  /** Done when so many answers are there, or the server has closed. */
  readonly answers?: number;
  readonly withinMs?: number;
  /** Called with the socket when what was given is sent. */
  readonly onSent?: (socket: Socket) => void;
}

export function exchangeRaw(url: string, bytes: string | Buffer, options: RawOptions = {}): Promise<RawExchange> {
  const { answers: wanted = 1, withinMs = 30_000, halfClose = false, onSent } = options;
  const { promise, resolve, reject } = Promise.withResolvers<RawExchange>();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  const deadline = setTimeout(() => {
    socket.destroy();
    reject(new Error(`no answer within ${withinMs} ms; received: ${text.slice(0, 300)}`));
  }, withinMs);
  const finish = (closed: boolean) => {
    clearTimeout(deadline);
    socket.destroy();
    resolve({ answers: cutAnswers(text), raw: text, closed });
  };
  socket.setEncoding('latin1');
  socket.on('connect', () => {
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    if (halfClose) socket.end();
    onSent?.(socket);
  });
  socket.on('data', (chunk) => {
    text += chunk;
    const whole = cutAnswers(text).filter(({ status }) => status >= 200);
    // Who says that it closes is waited for.
    if (whole.length >= wanted && whole.at(-1)?.headers['connection'] !== 'close') finish(false);
  });
  socket.on('error', () => {});
  socket.on('close', () => finish(true));
  return promise;
}

function cutAnswers(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return answers;
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const length = Number(headers['content-length'] ?? 0);
    const bodyAt = end + 4;
    if (rest.length < bodyAt + length) return answers;
    answers.push({ status: Number(first.split(' ')[1]), headers, body: rest.slice(bodyAt, bodyAt + length) });
    rest = rest.slice(bodyAt + length);
  }
}
