/* Stands between a client and a server and loses answers: the request arrives and is carried out, the reply does not come back. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** The next answer to bytes that contain `text` is thrown away with its connection. Resolves when that has happened. */
  cutReplyTo(text: string): Promise<void>;
  /** Closes all connections and refuses new ones until open(). */
  shut(): void;
  open(): void;
  stop(): Promise<void>;
}

export async function startCuttingProxy(target: {
  readonly host?: string;
  readonly port: number;
}): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let armed: { readonly text: string; readonly done: () => void } | null = null;
  let shut = false;

  const server = createServer((client) => {
    if (shut) return void client.destroy();
    const upstream = connect(target.port, target.host ?? '127.0.0.1');
    let cutting: (() => void) | null = null;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (armed !== null && bytes.includes(armed.text)) {
        cutting = armed.done;
        armed = null;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (cutting === null) return void client.write(bytes);
      client.destroy();
      upstream.destroy();
      cutting();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    cutReplyTo: (text) =>
      new Promise((done) => {
        armed = { text, done };
      }),
    shut: () => {
      shut = true;
      for (const socket of sockets) socket.destroy();
    },
    open: () => {
      shut = false;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
