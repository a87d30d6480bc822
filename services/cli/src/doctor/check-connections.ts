/*
  What is known of the connections: whether they are in Graph, where the token may ask that, and what became of their
  deliveries so far. Each is asked for once. Items are never asked for: Graph answers repeated looks at them with 429.
*/
import type { TenantConfig } from '@sluice/config';
import type { GraphCheckup, GraphLook } from '@sluice/core';
import { type Finding, findingsOf } from './finding.ts';

/** Of the console's answer. */
export interface KnownConnection {
  readonly connectionId: string;
  readonly tenant: string | null;
  readonly urgency?: string;
  readonly stateText?: string;
  readonly reason?: string | null;
  readonly remedy?: string | null;
  readonly pending: number;
  readonly deadLetters: number;
}

const CONNECTIONS_LOOKED_AT = 20;
/** Any of them lets the token see a connection (permissions of externalConnection: get). */
const CONNECTION_ROLES = [
  'ExternalConnection.ReadWrite.OwnedBy',
  'ExternalConnection.Read.All',
  'ExternalConnection.ReadWrite.All',
];

export interface GraphConnectionParts {
  readonly tenant: TenantConfig;
  readonly checkup: GraphCheckup;
  readonly roles: readonly string[];
  /** By Sluice's names; those that are not the tenant's are passed over. */
  readonly connectionIds: readonly string[];
  readonly tell: (finding: Finding) => void;
}

export async function checkInGraph({
  tenant,
  checkup,
  roles,
  connectionIds,
  tell,
}: GraphConnectionParts): Promise<void> {
  const { skipped } = findingsOf('connections', { tenant: tenant.name });
  if (!roles.some((role) => CONNECTION_ROLES.includes(role))) {
    tell(
      skipped(
        'Whether the connections exist was not asked: the token has no permission to look at them (ExternalConnection.…), and deliveries need none. The first delivery shows it; `sluice doctor CONNECTION ITEM` makes one.',
      ),
    );
    return;
  }
  const { connections } = tenant;
  const named =
    connections === '*' ? connectionIds.map((id) => [id, id] as const) : graphIdsOf(connections, connectionIds);
  if (named.length === 0) {
    tell(
      skipped(
        'No connection is named yet (SLUICE_CONNECTIONS is * and nothing was accepted), so none was looked for in Graph.',
      ),
    );
  }
  for (const [id, graphId] of named.slice(0, CONNECTIONS_LOOKED_AT))
    tell(findInGraph(id, graphId, await checkup.connection(graphId)));
  const rest = named.length - CONNECTIONS_LOOKED_AT;
  if (rest > 0)
    tell(skipped(`${rest} further connections were not looked for; \`sluice doctor CONNECTION\` looks for one.`));
}

function graphIdsOf(connections: Exclude<TenantConfig['connections'], '*'>, only: readonly string[]) {
  const all = Object.entries(connections).map(([id, { graphId }]) => [id, graphId] as const);
  return only.length === 0 ? all : all.filter(([id]) => only.includes(id));
}

export function findInGraph(id: string, graphId: string, look: GraphLook): Finding {
  const { ok, warn, fail } = findingsOf('connections', { connection: id });
  const name = id === graphId ? id : `${id} (in Graph ${graphId})`;
  if (look.kind === 'failed')
    return warn(`Connection ${name} could not be looked for in Graph: ${look.code}: ${look.message}.`);
  const { status, body, code, message } = look;
  if (status === 404) {
    return fail(
      `Connection ${name} is not in Graph: ${status} ${code} ${message}`.trim(),
      'Create it (POST /external/connections, with this application), or correct its id in SLUICE_CONNECTIONS or the configuration file. Ids are compared letter by letter.',
    );
  }
  if (status === 403 || status === 401)
    return fail(`Connection ${name} is not this application’s: ${status} ${code} ${message}`.trim(), NOT_OURS);
  if (status !== 200)
    return warn(`Connection ${name} could not be looked for in Graph: ${status} ${code} ${message}`.trim());
  const state = typeof body?.['state'] === 'string' ? body['state'] : 'unknown';
  if (state === 'ready') return ok(`Connection ${name} is in Graph and ready.`);
  return warn(
    `Connection ${name} is in Graph, in the state ${state}.`,
    'A draft becomes ready when its schema is registered; obsolete and limitExceeded are told by the admin centre (Copilot, Connectors).',
  );
}

export const NOT_OURS =
  'ExternalItem.ReadWrite.OwnedBy reaches connections that this application created. For another’s, let its owner add this application’s id to configuration.authorizedAppIds of the connection (PATCH /external/connections/ID), or grant ExternalItem.ReadWrite.All with admin consent.';

/** `known` null: the console could not be asked. */
export function findKnown(known: readonly KnownConnection[] | null, only: string | null): readonly Finding[] {
  if (known === null) {
    return [
      findingsOf('connections').skipped(
        'What became of deliveries so far is not known: the console does not answer (below).',
      ),
    ];
  }
  const chosen = only === null ? known : known.filter(({ connectionId }) => connectionId === only);
  const { ok, skipped } = findingsOf('connections', only === null ? {} : { connection: only });
  if (chosen.length === 0)
    return [
      skipped(
        only === null
          ? 'Nothing was accepted yet, for no connection.'
          : `Nothing was accepted for connection ${only} yet.`,
      ),
    ];
  const told = chosen.filter((each) => only !== null || ['stuck', 'behind'].includes(each.urgency ?? ''));
  const rest = chosen.length - told.length;
  const summary =
    rest === 0
      ? []
      : [ok(`${rest === 1 ? 'One connection has' : `${rest} connections have`} nothing that must be mended.`)];
  return [...told.map(findState), ...summary];
}

function findState({
  connectionId,
  urgency,
  stateText,
  reason,
  remedy,
  pending,
  deadLetters,
}: KnownConnection): Finding {
  const { ok, warn, fail } = findingsOf('connections', { connection: connectionId });
  const because = reason ? ` (${reason})` : '';
  const text = `Connection ${connectionId}: ${stateText ?? 'state unknown'}${because}; ${pending} pending, ${deadLetters} dead letters.`;
  if (urgency === 'stuck')
    return fail(text, remedy ?? `Ask \`sluice status\`, and \`sluice resume ${connectionId}\` when it is mended.`);
  return urgency === 'behind' ? warn(text, remedy ?? null) : ok(text, remedy ?? null);
}
