import { connect } from 'node:net';

export type Pong = 'pong' | 'loading' | 'no-answer';
const PING_MS_MAX = 2000;

/** One PING over a connection of its own. `loading`: Redis is there and still reads its data. */
export function pingRedis(port: number, host = '127.0.0.1'): Promise<Pong> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    let answer = '';
    const end = (pong: Pong) => {
      socket.destroy();
      resolve(pong);
    };
    socket.setTimeout(PING_MS_MAX, () => end('no-answer'));
    socket.on('error', () => end('no-answer'));
    socket.on('close', () => end('no-answer'));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!answer.includes('\r\n')) return;
      if (answer.startsWith('+PONG')) end('pong');
      else end(answer.startsWith('-LOADING') ? 'loading' : 'no-answer');
    });
  });
}
