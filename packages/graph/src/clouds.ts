/*
  The national clouds in which addActivities exists. Rows are never mixed: a token of one cloud is worth nothing in another.
  Source: learn.microsoft.com/graph/deployments and the availability table of externalItem: addActivities.
*/
export type CloudName = 'global' | 'usgov' | 'usgov-dod';

export interface Cloud {
  /** Without a version. */
  readonly graphRoot: string;
  readonly authorityHost: string;
  /** App-only: the service root and /.default. */
  readonly scope: string;
}

export const CLOUDS: Readonly<Record<CloudName, Cloud>> = {
  global: cloud('https://graph.microsoft.com', 'login.microsoftonline.com'),
  usgov: cloud('https://graph.microsoft.us', 'login.microsoftonline.us'),
  'usgov-dod': cloud('https://dod-graph.microsoft.us', 'login.microsoftonline.us'),
};

/** Clouds that exist and cannot be used, with the reason. */
export const CLOUDS_REFUSED: Readonly<Record<string, string>> = {
  china: 'Microsoft Graph operated by 21Vianet has no external connections, so there is no addActivities to call',
};

/** The row of a cloud, or the reason why there is none. */
export function findCloud(name: string): Cloud | { readonly refused: string } {
  if (Object.hasOwn(CLOUDS, name)) return CLOUDS[name as CloudName];
  if (Object.hasOwn(CLOUDS_REFUSED, name)) return { refused: CLOUDS_REFUSED[name]! };
  return { refused: `there is no cloud of this name; known are ${Object.keys(CLOUDS).join(', ')}` };
}

function cloud(graphRoot: string, authorityHost: string): Cloud {
  return { graphRoot, authorityHost, scope: `${graphRoot}/.default` };
}
