/*
  One real activity, because nothing else shows that everything fits: through the intake, followed by its receipt until Graph
  has answered. It is sent only when somebody names a connection and an item.
*/

import type { Console } from '../commands/ask-console.ts';
import type { Intake } from '../commands/ask-intake.ts';
import { CommandFailed } from '../commands/command-failed.ts';
import { pause } from '../pause.ts';
import { NOT_OURS } from './check-connections.ts';
import { type Finding, findingsOf } from './finding.ts';

export interface SendParts {
  readonly intake: Intake;
  /** Tells more of the call; null: it cannot be asked. */
  readonly console: Console | null;
  readonly connection: string;
  readonly item: string;
  /** An Entra object id. */
  readonly performer: string;
  readonly nowMs: () => number;
  readonly withinMs: number;
  readonly tell: (finding: Finding) => void;
  /** The exchange, line by line, for people. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Sent {
  readonly receiptId: string | null;
  readonly activity: object;
  readonly receipt: object | null;
  readonly lastCall: object | null;
}

interface Call {
  readonly status: number | string;
  readonly requestId: string | null;
  readonly reason?: string;
  readonly durationMs?: number;
  readonly at: string;
}

interface Receipt {
  readonly final: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly waitingFor: readonly { readonly reason: string; readonly until: string | null; readonly detail: string }[];
  readonly entries: readonly { readonly code: string; readonly message: string; readonly requestId: string | null }[];
}

const LOOK_MS = 500;

export async function sendOne(parts: SendParts): Promise<Sent> {
  const { intake, connection, item, performer, nowMs, tell, say } = parts;
  const { ok, fail } = findingsOf('delivery', { connection });
  const startDateTime = new Date(nowMs()).toISOString();
  const activity = { type: 'viewed', startDateTime, performedBy: { type: 'user', id: performer } };
  const path = `/v1/connections/${encodeURIComponent(connection)}/items/${encodeURIComponent(item)}/activities`;
  say(`  POST ${path} ${JSON.stringify(activity)}`);
  let receiptId: string;
  try {
    const answer = await intake.post(path, activity);
    receiptId = String(answer['receiptId'] ?? '');
    say(`  accepted; receipt ${receiptId === '' ? 'none: this key does without' : receiptId}`);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    tell(
      fail(
        `The intake did not take an activity for ${connection}, item ${item}: ${error.message}`,
        adviseIntake(error.message),
      ),
    );
    return { receiptId: null, activity, receipt: null, lastCall: null };
  }
  const { receipt, call } = await follow(parts, receiptId, nowMs());
  if (call !== null) {
    say(
      `  Graph answered ${call.status} in ${call.durationMs ?? '?'} ms, request-id ${call.requestId ?? 'none'}${call.reason ? `: ${call.reason}` : ''}`,
    );
  }
  if ((receipt?.counts['delivered'] ?? 0) > 0) {
    const id = call?.requestId ? ` (request-id ${call.requestId})` : '';
    tell(ok(`One viewed of item ${item} is in Graph, connection ${connection}${id}. Everything fits.`));
  } else tell(findUndelivered(parts, receipt, call));
  return { receiptId, activity, receipt, lastCall: call };
}

/** Until it is final, or Graph's answer shows that more waiting tells nothing new. */
async function follow(
  { intake, console, connection, item, withinMs, nowMs, say, signal }: SendParts,
  receiptId: string,
  begunMs: number,
) {
  const itemPath = `/api/v1/connections/${encodeURIComponent(connection)}/items/${encodeURIComponent(item)}`;
  const untilMs = begunMs + withinMs;
  let receipt: Receipt | null = null;
  let call: Call | null = null;
  let said = '';
  while (!signal.aborted) {
    receipt = receiptId === '' ? null : ((await intake.get(`/v1/receipts/${receiptId}`)) as unknown as Receipt);
    const seen = await console?.get(itemPath).then(
      (body) => body['lastCall'] as Call | null,
      () => null,
    );
    // A call of before is none of this one's.
    if (seen && Date.parse(seen.at) >= begunMs - 1000) call = seen;
    const refused = call !== null && Number(call.status) >= 400 && Number(call.status) !== 429;
    if (receipt?.final === true || refused || receiptId === '' || nowMs() > untilMs) break;
    const [waiting] = receipt?.waitingFor ?? [];
    if (waiting?.reason === 'held' || waiting?.reason === 'paused' || waiting?.reason === 'breaker') break;
    const now = waiting === undefined ? 'in a call' : `waits for ${waiting.reason}`;
    if (now !== said) say(`  ${now}`);
    said = now;
    await pause(LOOK_MS, signal);
  }
  return { receipt, call };
}

function findUndelivered(
  { connection, item, withinMs }: SendParts,
  receipt: Receipt | null,
  call: Call | null,
): Finding {
  const { fail, warn } = findingsOf('delivery', { connection });
  const [entry] = receipt?.entries ?? [];
  const [waiting] = receipt?.waitingFor ?? [];
  const kept = receipt?.final === true ? '' : ' The activity is kept and tried again; nothing is lost.';
  if (call !== null && Number(call.status) >= 300) {
    const text = `Graph refused one viewed of item ${item}, connection ${connection}: ${wordsOf(call)} (request-id ${call.requestId ?? 'none'}).${kept}`;
    const remedy = adviseStatus(Number(call.status), `${call.reason ?? ''} ${waiting?.detail ?? ''}`, {
      connection,
      item,
    });
    return Number(call.status) === 429 ? warn(text, remedy) : fail(text, remedy);
  }
  if (entry !== undefined) {
    return fail(
      `Graph refused the activity: ${entry.code}: ${entry.message} (request-id ${entry.requestId ?? 'none'}).`,
      `It is a dead letter: \`sluice dead list ${connection}\`. --performer names another user; docs/answers.md lists what each code means.`,
    );
  }
  if (waiting !== undefined) {
    const text = `The activity waits for ${waiting.reason}: ${waiting.detail}${kept}`;
    const status = /\b(40[0-9])\b/.exec(waiting.detail)?.[1];
    const remedy =
      waiting.reason === 'paused'
        ? `sluice resume ${connection}`
        : adviseStatus(Number(status), waiting.detail, { connection, item });
    return fail(text, remedy);
  }
  return warn(
    `Nobody knows yet what became of the activity, after ${Math.round(withinMs / 1000)} s.${kept}`,
    'Is a worker at work (above)? `sluice item` and `sluice tail` show where it is; `--wait SECONDS` waits longer.',
  );
}

/** A reason often names the status itself. */
function wordsOf({ status, reason = '' }: Call): string {
  return reason.includes(String(status)) ? reason : `${status} ${reason}`.trim();
}

/** The usual causes, by what Graph answers. */
export function adviseStatus(
  status: number,
  reason: string,
  { connection, item }: { readonly connection: string; readonly item: string },
): string {
  if (/credential|token endpoint|AADSTS/.test(reason))
    return 'The worker gets no token: the lines about the credential above say why. What counts is the environment of the worker.';
  switch (status) {
    case 401:
      return 'Graph refuses the token of the worker: GRAPH_CLOUD, GRAPH_BASE_URL and GRAPH_TOKEN_URL must be of one cloud, and the clocks right.';
    case 403:
      return `The permission is missing, or the connection is another application's. Grant ExternalItem.ReadWrite.OwnedBy with admin consent. ${NOT_OURS} Then: sluice resume ${connection}`;
    case 404:
      return /connection/i.test(reason) && !/item/i.test(reason)
        ? `There is no connection ${connection} in Graph for this application: create it with this application, or correct the id (graphId in the configuration file). Then: sluice resume ${connection}`
        : `There is no item ${item} in Graph yet: activities can only be added to an item that was put there (PUT /external/connections/${connection}/items/${item}). It is tried again for as long as SLUICE_RETRY_ATTEMPTS_MAX allows, so putting the item is enough.`;
    case 402:
      return 'The tenant has no licence or quota for connectors.';
    case 429:
      return 'Graph asks for a pause; it goes on by itself.';
    default:
      return status >= 500
        ? 'Graph fails or cannot be reached; it goes on by itself.'
        : 'docs/answers.md lists what each answer means and leads to; the worker’s log has the whole line.';
  }
}

function adviseIntake(message: string): string {
  if (/\b401\b/.test(message)) return 'Set SLUICE_API_KEY to a key of this intake (sluice keys create).';
  if (/\b403\b/.test(message))
    return 'The key needs the scope ingest, and must be allowed on this connection (sluice keys create --scope ingest,read --connections …).';
  if (/connection_not_found|\b404\b/.test(message))
    return 'Correct the name: Sluice’s own name of the connection, as in SLUICE_CONNECTIONS or the configuration file. When Graph said that it does not exist: create it there, then `sluice resume CONNECTION`.';
  if (/\b503\b/.test(message))
    return 'Redis is away, full, or keeps less than SLUICE_DURABILITY promises: the lines about Redis above say which.';
  return 'Correct what it names, and ask again.';
}
