export const TAIL_HELP = `sluice tail [--connection CONNECTION] [--item ITEM] [--failed] [--json]

What happens, as it happens, a line for each event: activities that were accepted, calls to Graph with their outcome, connections that
stop and go on. Begins with now; Ctrl-C ends it (exit code 130).

  --connection CONNECTION   of this connection only
  --item ITEM               of this item only
  --failed                  only calls not wholly delivered, and connections that stop
  --json                    one object a line, as the console sends them (docs/console.md)

Asks the console (SLUICE_CONSOLE_URL, SLUICE_API_KEY with the scope read). When more happens than the terminal takes, some of it is
left out and counted; Sluice itself is never slowed down. A console that goes away is asked again until it is back.
`;
