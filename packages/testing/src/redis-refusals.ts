/* What a Redis refused to the user of Sluice, by its own log: also what the client or BullMQ swallowed. */
import { connect } from 'node:net';
import { REDIS_LOGIN } from './redis-login.ts';
import { connectToRedisTls } from './redis-tls.ts';

const ANSWER_MS_MAX = 5000;
/** Reasons other than a wrong password, which tests give on purpose. */
const ENTRY =
  /reason\r\n\$\d+\r\n(?:command|key|channel)\r\n[\s\S]*?object\r\n\$\d+\r\n(.*)\r\n\$8\r\nusername\r\n\$\d+\r\n(.*)\r\n/g;

const refusedSoFar = new Set<string>();

/** At the end of the file, so that its tests come to their own end first. */
export function failForRefused(objects: readonly string[]): void {
  if (objects.length > 0 && refusedSoFar.size === 0) {
    process.once('exit', () => {
      process.exitCode = 1;
      process.stderr.write(`The user of Redis that is shipped may not: ${[...refusedSoFar].join(', ')}.\n`);
    });
  }
  for (const object of objects) refusedSoFar.add(object);
}

/** Commands and keys, as `ACL LOG` names them. Empty, too, where no answer comes. */
export async function readRefusals(place: {
  readonly port: number;
  readonly secured: boolean;
}): Promise<readonly string[]> {
  const log = await askLog(place);
  return [...log.matchAll(ENTRY)].flatMap(([, object, user]) => (user === REDIS_LOGIN.user ? [object!] : []));
}

function askLog({ port, secured }: { readonly port: number; readonly secured: boolean }): Promise<string> {
  return new Promise((resolve) => {
    const socket = secured ? connectToRedisTls(port) : connect({ port, host: '127.0.0.1' });
    let text = '';
    const answer = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(ANSWER_MS_MAX, answer);
    socket.on('error', answer);
    socket.on('close', answer);
    // PING comes last, so that its answer says that the log is whole.
    socket.on('connect', () => socket.write('ACL LOG\r\nPING\r\n'));
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (text.endsWith('+PONG\r\n')) answer();
    });
  });
}
