import type { IncomingMessage } from 'node:http';

/** Graph: write requests of more than 4 MB are answered 413 (concepts/use-the-api). */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** Read and thrown away, so that a client that sends too much gets its 413 instead of a broken pipe; beyond it the socket goes. */
const DISCARDED_BYTES_MAX = 16 * BODY_BYTES_MAX;

const NOTHING = Buffer.alloc(0);

/** The whole body; 'too-large' once it is over; 'cut-off' when the client went away before its end. */
export function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | 'cut-off'> {
  return new Promise((resolve) => {
    let first: Buffer = NOTHING;
    const more: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) {
        more.length = 0;
        first = NOTHING;
        if (bytes > DISCARDED_BYTES_MAX) request.destroy();
      } else if (first === NOTHING) first = chunk;
      else more.push(chunk);
    });
    request.on('end', () => {
      if (bytes > BODY_BYTES_MAX) resolve('too-large');
      else resolve(more.length === 0 ? first : Buffer.concat([first, ...more]));
    });
    request.on('error', () => resolve('cut-off'));
    request.on('close', () => resolve('cut-off'));
  });
}
