export const CONFIG_HELP = `sluice config check [--json]

Reads the environment, SLUICE_CONFIG and the files they name, as intake, console and worker would at their start. Says everything
that is wrong or not known; asks nobody. Exit code 78 when a service would not start.
`;
