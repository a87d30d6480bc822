export const HOME_PAGE = `Emulator of Microsoft Graph's externalItem: addActivities.

It checks what Graph checks, refuses what a hidden quota refuses, fails as it is told, and keeps a ledger of what it appended.

Graph
  POST /{tenant}/oauth2/v2.0/token                                        client credentials; any secret or assertion
  GET  /msi/token?api-version=2019-08-01&resource=...                     managed identity, App Service
  GET  /metadata/identity/oauth2/token?api-version=2018-02-01&resource=...  managed identity, virtual machine
  POST /{v1.0|beta}/external/connections/{connection}/items/{item}/addActivities
  POST /{v1.0|beta}/external/connections/{connection}/items/{item}/microsoft.graph.externalConnectors.addActivities
  GET  /{v1.0|beta}/external/connections/{connection}   with the permission for connections

Control
  GET  /emulator/behavior                       limits, faults, latency, scripts in force
  PUT  /emulator/behavior                       replaces them; a missing member gets its default
  GET  /emulator/ledger?tenant=&connection=&item=   NDJSON, a line for each activity really appended
  GET  /emulator/stats?tenant=&connection=      calls, statuses, fill, the last hour by the second
  GET  /emulator/calls                          NDJSON, the last 10,000 calls
  POST /emulator/reset                          empties ledger, stats, calls and quotas; the behaviour stays
  GET  /health/live
`;
