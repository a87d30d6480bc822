/*
  append, where a 202 promises `replicated`: after a piece is stored, asks Redis whether a replica has it, and believes only the
  numbers. WAIT counts what was written on its own connection before, so it goes over the connection that stored the piece,
  behind a small write: a piece that was found stored already writes nothing. If that connection was replaced meanwhile, it may
  lead to another server (a failover), of which nothing is known: then the piece has to be asked for again.

  While one question is under way all that is stored waits for the next one, so that their number follows the time that a
  replica takes and not the number of requests. A question ends after WAIT_MS, whatever became of the replica.
*/
import type { Redis } from 'ioredis';

/** How long Redis waits for its replicas: the whole request has 700 ms, and may wait for the question before its own. */
export const WAIT_MS = 250;
const MARK_MS = 86_400_000;

/** Where a piece is about to be stored. */
export interface Sent {
  readonly writer: Redis;
  readonly connection: number;
}

export interface Confirm {
  begin(): Promise<Sent>;
  /** Whether a replica has what was stored since. Rejects when the connection was replaced, and when Redis does not answer. */
  isReplicated(sent: Sent): Promise<boolean>;
}

export interface ConfirmParts {
  /** The server that stores the pieces, now. */
  readonly writerOf: () => Promise<Redis>;
  /** In the slot of the pieces. */
  readonly markKey: string;
  /** Where Redis forbids to ask (a managed one), the operator's word counts. */
  readonly vouched: boolean;
}

export function createConfirm({ writerOf, markKey, vouched }: ConfirmParts): Confirm {
  const connections = new WeakMap<Redis, Connection>();
  let asking: Promise<Answer> | null = null;
  let next: Promise<Answer> | null = null;

  /** Counts how often a connection was closed: its number is another one afterwards. */
  function connectionOf(writer: Redis): Connection {
    let seen = connections.get(writer);
    if (seen === undefined) {
      const counted: Connection = { closed: 0, waitsForDisk: true };
      writer.on('close', () => {
        counted.closed++;
        counted.waitsForDisk = true;
      });
      connections.set(writer, counted);
      seen = counted;
    }
    return seen;
  }

  async function begin(): Promise<Sent> {
    const writer = await writerOf();
    return { writer, connection: connectionOf(writer).closed };
  }

  function ask(): Promise<Answer> {
    const question = begin().then(async (sent) => ({ ...sent, reached: await askOnce(sent.writer) }));
    asking = question;
    const done = () => {
      if (asking === question) asking = null;
    };
    question.then(done, done);
    return question;
  }

  async function askOnce(writer: Redis): Promise<boolean> {
    const connection = connectionOf(writer);
    const commands = writer.pipeline().set(markKey, '1', 'PX', MARK_MS);
    if (connection.waitsForDisk) commands.call('WAITAOF', 1, 0, WAIT_MS);
    const replies = (await commands.call('WAIT', 1, WAIT_MS).exec()) ?? [];
    const [[marked], ...answers] = replies as [[Error | null, unknown], ...[Error | null, unknown][]];
    if (marked !== null) throw marked;
    const [failed, replicas] = answers.at(-1)!;
    if (failed !== null && !(vouched && isForbidden(failed))) throw failed;
    const onDisk = answers.length === 1 || isOnDisk(answers[0]!, connection);
    return onDisk && (failed !== null || Number(replicas) >= 1);
  }

  /** Redis 7.2 and later say whether it is on disk here; before that, and to a user who may not ask, its settings do. */
  function isOnDisk([failed, counts]: readonly [Error | null, unknown], connection: Connection): boolean {
    if (failed === null) return Number((counts as readonly unknown[])[0]) >= 1;
    if (!isForbidden(failed)) return false;
    connection.waitsForDisk = false;
    return true;
  }

  return {
    begin,
    isReplicated: async ({ writer, connection }) => {
      next ??= asking === null ? null : asking.then(start, start);
      function start(): Promise<Answer> {
        next = null;
        return ask();
      }
      const answer = await (next ?? ask());
      if (answer.writer !== writer || answer.connection !== connection || connectionOf(writer).closed !== connection) {
        throw new Error('the connection to Redis was replaced before a replica confirmed what was stored');
      }
      return answer.reached;
    },
  };
}

interface Connection {
  closed: number;
  /** False once its server has said that it does not know how: the one behind the next connection may be newer. */
  waitsForDisk: boolean;
}

interface Answer extends Sent {
  readonly reached: boolean;
}

function isForbidden({ message }: Error): boolean {
  return message.startsWith('NOPERM') || /unknown command/i.test(message);
}
