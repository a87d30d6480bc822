/*
  Stands in for a service: says that it listens and has started, writes into the data folder what happens to it, stops on SIGTERM.
  It is named after the file that imports it. In the data folder the test may lay down:
    exit-NAME      a code: it exits with that at every start
    stubborn-NAME  it ignores SIGTERM
*/
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

const name = basename(process.argv[1] ?? '', '.ts');
const folder = process.env['SLUICE_DATA_DIR'] ?? '.';
const happened = (what: string) => appendFileSync(join(folder, 'happened'), `${what} ${name} ${process.pid}\n`);
const log = (line: object) => process.stdout.write(`${JSON.stringify({ level: 'info', service: name, ...line })}\n`);

happened('run');
const exitFile = join(folder, `exit-${name}`);
if (existsSync(exitFile)) {
  log({ level: 'fatal', msg: `${name} has a reason to end` });
  process.exit(Number(readFileSync(exitFile, 'utf8')));
}

const server = createServer((_request, response) => response.end(JSON.stringify({ env: process.env })));
server.listen(Number(process.env['PORT']), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  log({ msg: 'listening', url: `http://127.0.0.1:${port}` });
  log({ msg: 'started' });
});
process.on('SIGTERM', () => {
  if (existsSync(join(folder, `stubborn-${name}`))) return;
  happened('end');
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
