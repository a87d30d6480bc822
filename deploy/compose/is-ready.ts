/* The health check of a container: node is-ready.ts PORT [PATH]. Exit code 0: the service on this port is ready. */
const [port, path = '/health/ready'] = process.argv.slice(2);
const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2500) }).catch(
  () => null,
);
process.exitCode = response?.ok === true ? 0 : 1;
