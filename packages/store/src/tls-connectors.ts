/*
  How connections with TLS are opened. ioredis listens for one error of a socket; with TLS there may be two (Redis refuses our
  certificate, then resets the connection), and an error that nobody listens for ends the process. It also gives up for good when
  a socket cannot be made at all, as with a certificate and a key of which only one has been renewed yet: here such a
  connection fails and is tried again.
*/
import { Socket } from 'node:net';
import { connect } from 'node:tls';
import { AbstractConnector, type RedisOptions, SentinelConnector } from 'ioredis';

type Emit = Parameters<AbstractConnector['connect']>[0];
type Stream = Awaited<ReturnType<AbstractConnector['connect']>>;

/** To one server, whose address is known. */
export class TlsConnector extends AbstractConnector {
  readonly #options: RedisOptions;

  constructor(options: unknown) {
    super((options as RedisOptions).disconnectTimeout ?? 0);
    this.#options = options as RedisOptions;
  }

  connect(): Promise<Stream> {
    const { host, port, tls } = this.#options;
    this.connecting = true;
    this.stream = open(() => connect({ ...(host != null && { host }), ...(port != null && { port }), ...tls }));
    delete this.firstError;
    this.stream.on('error', (error: Error) => {
      this.firstError ??= error;
    });
    return Promise.resolve(this.stream);
  }
}

/** To the server that Sentinels name; they are asked with TLS as well. */
export class TlsSentinelConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as ConstructorParameters<typeof SentinelConnector>[0]);
    const ask = Reflect.get(SentinelConnector.prototype, 'connectToSentinel') as (...args: unknown[]) => unknown;
    const askWithTls = (endpoint: unknown, more: object = {}) =>
      ask.call(this, endpoint, { ...more, Connector: TlsConnector });
    Reflect.set(this, 'connectToSentinel', askWithTls);
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

function open(connectNow: () => Stream): Stream {
  try {
    return connectNow();
  } catch (error) {
    return new Socket().destroy(error as Error);
  }
}
