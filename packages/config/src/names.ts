/* The names Sluice looks at: which are known, and which look like a slip. */
import { suggest } from '@sluice/core';
import type { Variables } from './environment.ts';
import { SETTING_GROUPS } from './settings.ts';

/** Read by the command line, not by a service. */
const COMMAND_LINE_NAMES = ['SLUICE_URL', 'SLUICE_CONSOLE_URL', 'SLUICE_API_KEY', 'SLUICE_CA_FILE'];

/** One sentence per SLUICE_ or GRAPH_ name that nothing reads. Kubernetes' service links (*_PORT…, *_SERVICE_…) are left alone. */
export function unknownNames(variables: Variables): readonly string[] {
  const known = knownNames();
  return Object.keys(variables)
    .filter((name) => /^(SLUICE|GRAPH)_/.test(name) && !known.includes(name))
    .filter((name) => !/_PORT(_|$)|_SERVICE_/.test(name))
    .sort()
    .map((name) => `${name} is not a setting of Sluice and is ignored.${suggest(name, known)}`);
}

function knownNames(): readonly string[] {
  const settings = SETTING_GROUPS.flatMap((group) => group.settings);
  const files = settings.filter((setting) => setting.secret).map((setting) => `${setting.name}_FILE`);
  return [...settings.map((setting) => setting.name), ...files, ...COMMAND_LINE_NAMES];
}
