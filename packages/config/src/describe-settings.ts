/* Writes docs/configuration.md from the table, so that the page cannot say anything else than the code does. */
import { CONNECTION_MEMBERS, type Members, TENANT_MEMBERS } from './file-members.ts';
import type { Setting } from './setting.ts';
import { SETTING_GROUPS } from './settings.ts';

const OPENING = `# Configuration

Sluice is configured by environment variables, and by a [YAML file](#the-configuration-file) for what variables cannot say:
several tenants, connections with settings of their own. A variable beats the file. An empty variable counts as unset. A wrong value stops the start with one
message that names every wrong setting, and exit code 78. A \`SLUICE_\` or \`GRAPH_\` name that Sluice does not know is
logged as a warning at start (Kubernetes' \`*_PORT\` and \`*_SERVICE_*\` excepted).

Settings marked *secret* are never shown or logged. Each of them may be given as a file instead: \`NAME_FILE\` holds the
path, and the content without white space around it is the value. To set both is an error.

How to get each kind of credential is in [credentials.md](credentials.md).

This page is generated from the table in \`packages/config/src/settings.ts\`; a test compares the two. To write it anew:
\`npm run docs -w @sluice/config\`.
`;

const FILE = `## The configuration file

\`SLUICE_CONFIG\` is the path of a YAML file, and [config.schema.json](config.schema.json) its JSON Schema, with which editors
complete and check it:

\`\`\`yaml
# yaml-language-server: $schema=./docs/config.schema.json
tenants:
  contoso:
    tenantId: 5106ce00-0000-4000-8000-0000000000a1
    clientId: 5106ce00-0000-4000-8000-0000000000b1
    clientSecretFile: /run/secrets/contoso
    connections:
      people:
      tickets: { rateMax: 10, unknownPolicy: park }
  fabrikam:
    tenantId: 5106ce00-0000-4000-8000-0000000000a2
    clientId: 5106ce00-0000-4000-8000-0000000000b2
    certificatePath: /run/secrets/fabrikam.pem
    cloud: usgov
    connections:
      peopleFabrikam: { graphId: people }
defaults: { lingerMs: 2000 }
outcomes: { someGraphCode: retry }
\`\`\`

- **tenants**: a name, a credential, and the connections that are delivered with it. Callers name a connection as it is named
  here, and its tenant follows from it; so names are unique over all tenants. \`graphId\` is Graph's id of it, if that is another.
  Graph gives no connection an id that begins with \`Microsoft\`, nor \`None\`, \`Directory\`, \`Exchange\`, \`ExchangeArchive\`, \`LinkedIn\`,
  \`Mailbox\`, \`OneDriveBusiness\`, \`SharePoint\`, \`Teams\`, \`Yammer\`, \`Connectors\`, \`TaskFabric\`, \`PowerBI\`, \`Assistant\`, \`TopicEngine\`.
  One tenant alone may leave \`connections\` out: then it has every connection.
- **defaults**: settings of every connection. A setting of the connection itself beats them, and a variable beats both.
- **outcomes**: what a code of Graph's means in the result of one activity, letter case aside: \`retry\`, \`dead\` (dead letter) or
  \`hold\` (the connection stops until an operator looks). They beat Sluice's own table, because Graph does not document these codes.
- Variables that speak of one tenant (\`GRAPH_TENANT_ID\`, \`GRAPH_CLIENT_ID\`, the credentials, \`GRAPH_TOKEN_URL\`,
  \`SLUICE_CONNECTIONS\`) beat a file with one tenant, and are an error beside a file with several. \`GRAPH_CLOUD\`, \`GRAPH_VERSION\`
  and \`GRAPH_BASE_URL\` are for all of them. \`AZURE_\` names are not looked at when the file has tenants.
- A relative path begins at the folder of the file. No secret stands in it.

Without tenants in the file, or without a file, the variables describe one tenant.
`;

const TENANT_TITLE = '### Members of a tenant';
const CONNECTION_TITLE = '### Members of a connection, and of defaults';

/** docs/configuration.md. */
const COMMAND_LINE = `## The command line

What \`npx sluice\` reads beside these; services do not look at them.

| variable | default | meaning |
|---|---|---|
| \`SLUICE_URL\` | http://127.0.0.1:8080 | Where the intake is, for \`post\`, \`import\` and \`receipt\`. |
| \`SLUICE_CONSOLE_URL\` | http://127.0.0.1:8081 | Where the console is, for every other command that asks one. |
| \`SLUICE_API_KEY\` | none | The key it shows both of them. |
| \`SLUICE_CA_FILE\` | the system’s | Whom to trust as intake and console, with https. |
| \`NO_COLOR\` | none | Anything: no colours. |
`;

export function describeSettings(): string {
  const sections = SETTING_GROUPS.map(({ title, settings }) => {
    const rows = settings.map(describeRow);
    return `## ${title}\n\n| variable | default | rule | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  const members = [
    describeMembers(TENANT_TITLE, TENANT_MEMBERS),
    describeMembers(CONNECTION_TITLE, CONNECTION_MEMBERS),
  ];
  return [OPENING, ...sections, COMMAND_LINE, FILE, ...members].join('\n');
}

function describeMembers(title: string, members: Members): string {
  const rows = Object.entries(members).map(([key, { name }]) => `| \`${key}\` | \`${name}\` |`);
  return `${title}\n\n| member | the same as the variable |\n|---|---|\n${rows.join('\n')}\n`;
}

function describeRow(setting: Setting<unknown>): string {
  const secret = setting.secret ? ' (*secret*)' : '';
  const cells = [`\`${setting.name}\`${secret}`, setting.fallbackShown, setting.rule, setting.meaning];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/^\*$/, '`*`')).join(' | ')} |`;
}
