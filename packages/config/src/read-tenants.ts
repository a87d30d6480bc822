/* The tenants and their connections: of the file, or the one that the variables alone describe. */
import { RESERVED_CONNECTION_ID } from '@sluice/core';
import type { ConnectionConfig, TenantConfig, TenantConnection } from './config.ts';
import type { ConfigFile, ConnectionSection, TenantSection } from './config-file.ts';
import type { Environment } from './environment.ts';
import { ONE_TENANT_NAMES } from './file-members.ts';
import { readConnection } from './read-connection.ts';
import { readGraph } from './read-graph.ts';
import { BASIC_SETTINGS } from './settings.ts';

/** The name of the tenant that no file names. */
const ONLY_TENANT = 'default';

export function readTenants(environment: Environment, file: ConfigFile, needed: boolean): readonly TenantConfig[] {
  const common = environment.under(file.defaults);
  const settings = readConnection(common);
  if (file.tenants.length === 0) {
    const graph = readGraph(common, { path: null, needed });
    return [{ name: ONLY_TENANT, graph, settings, connections: listed(common, [], settings) ?? '*' }];
  }
  const several = file.tenants.length > 1;
  if (several) refuseOneTenantNames(environment);
  const tenants = file.tenants.map((tenant): TenantConfig => {
    const own = common.under(tenant.members, new Set(several ? ONE_TENANT_NAMES : []));
    const graph = readGraph(own, { path: tenant.path, needed });
    return { name: tenant.name, graph, settings, connections: connectionsOf(tenant, own, settings, several) };
  });
  refuseSharedNames(environment, file.tenants);
  return tenants;
}

function connectionsOf(
  { path, connections }: TenantSection,
  own: Environment,
  settings: ConnectionConfig,
  several: boolean,
): TenantConfig['connections'] {
  const list = several ? null : listed(own, connections ?? [], settings);
  if (list !== null) return list;
  if (connections !== null) return Object.fromEntries(connections.map((one) => [one.id, readOne(one, own, settings)]));
  if (several) {
    own.refuse(
      path,
      'names no connections: with several tenants each connection is named, because its tenant follows from it',
    );
  }
  return several ? {} : '*';
}

/** The connections that SLUICE_CONNECTIONS lists, each as the file has it; null: the variable says nothing, or `*`. */
function listed(
  environment: Environment,
  sections: readonly ConnectionSection[],
  settings: ConnectionConfig,
): Readonly<Record<string, TenantConnection>> | null {
  const ids = environment.value(BASIC_SETTINGS.connections);
  if (ids === null) return null;
  if (ids === '*') return sections.length === 0 ? null : starredConnections(environment);
  return Object.fromEntries(
    ids.map((id) => {
      const section = sections.find((one) => one.id === id);
      if (section !== undefined) return [id, readOne(section, environment, settings)];
      if (RESERVED_CONNECTION_ID.test(id)) {
        environment.refuse('SLUICE_CONNECTIONS', `names "${id}", an id that Graph gives no connection`);
      }
      return [id, { graphId: id, settings }];
    }),
  );
}

/** Every connection, and some with settings of their own, would be two answers to what the others are. */
function starredConnections(environment: Environment): null {
  environment.refuse('SLUICE_CONNECTIONS', 'is "*", but SLUICE_CONFIG names the connections: unset it');
  return null;
}

function readOne(
  { graphId, id, members }: ConnectionSection,
  environment: Environment,
  settings: ConnectionConfig,
): TenantConnection {
  // One object for all that have nothing of their own.
  return {
    graphId: graphId ?? id,
    settings: members.size === 0 ? settings : readConnection(environment.under(members)),
  };
}

function refuseOneTenantNames(environment: Environment): void {
  for (const name of ONE_TENANT_NAMES) {
    if (!environment.isVariable(name)) continue;
    environment.refuse(name, 'is set, but SLUICE_CONFIG names several tenants, and it could be of any: set it there');
  }
}

/** Sluice's names are unique over all tenants; Graph's are within one, or two names would learn one quota apart. */
function refuseSharedNames(environment: Environment, tenants: readonly TenantSection[]): void {
  const seen = new Map<string, string>();
  for (const tenant of tenants) {
    const graphIds = new Map<string, string>();
    for (const { id, path, graphId } of tenant.connections ?? []) {
      const [twin, graphTwin] = [seen.get(id), graphIds.get(graphId ?? id)];
      if (twin !== undefined) {
        const fix = 'name one of them differently and give its graphId';
        environment.refuse(
          path,
          `has the name of ${twin.replace('SLUICE_CONFIG: ', '')}: names are unique over all tenants; ${fix}`,
        );
      } else if (graphTwin !== undefined) {
        environment.refuse(
          path,
          `is Graph's connection ${graphId ?? id}, as ${graphTwin} is: one connection has one name`,
        );
      }
      seen.set(id, path);
      graphIds.set(graphId ?? id, id);
    }
  }
}
