export const DOCTOR_HELP = `sluice doctor [CONNECTION [ITEM]] [options]

Goes through everything that a delivery needs, one after the other, and says what to do about what is wrong: the settings, the
credential (a token as a worker gets it, what it may, when it ends), Microsoft Graph, Redis, the workers, intake and console, and
what is known of the connections. Nothing is delivered. Run it where the workers run, with their environment; under \`npm start\` in
this clone it finds everything by itself.

  CONNECTION           looks at this one (or --connection)
  ITEM                 sends one real activity: "viewed", now, of this item (or --item), and follows it until Graph has answered
  --performer ID       who viewed it: the Entra object id of a user (the application itself). Your own:
                       az ad signed-in-user show --query id
  --wait SECONDS       how long to follow it (60)
  --json               {"ok":…,"findings":[{"area","state","text","remedy"}],"delivery"}; state is ok, warn, fail or skipped

Asks Redis (REDIS_URL), the intake (SLUICE_URL), the console (SLUICE_CONSOLE_URL; SLUICE_API_KEY with the scopes ingest and read) and
Graph. Exit code 1 when something is wrong, else 0.
`;
