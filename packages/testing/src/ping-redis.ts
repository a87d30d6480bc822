import { connect } from 'node:net';
import { connectToRedisTls } from './redis-tls.ts';

/** Does a Redis answer there, and is it done with loading? False for any other answer, a refusal, or none within withinMs. One that asks for a password first has answered. */
export function pingRedis({
  port,
  secured = false,
  withinMs = 1000,
}: {
  readonly port: number;
  /** Over TLS. */
  readonly secured?: boolean;
  readonly withinMs?: number;
}): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = secured ? connectToRedisTls(port) : connect({ port, host: '127.0.0.1' });
    const answer = (ok: boolean) => {
      socket.destroy();
      resolve(ok);
    };
    let text = '';
    socket.setTimeout(withinMs, () => answer(false));
    socket.on('error', () => answer(false));
    socket.on('close', () => resolve(false));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (text.includes('\r\n')) answer(/^(\+PONG|-NOAUTH)/.test(text));
    });
  });
}
