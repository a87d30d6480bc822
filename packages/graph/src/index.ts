export * from './clouds.ts';
export { type GraphConfig, GraphConfigError, type GraphEndpoints, resolveEndpoints } from './graph-config.ts';
export * from './send/create-graph-sender.ts';
export { readClaimsChallenge } from './send/read-claims-challenge.ts';
export * from './tokens/msal-token-source.ts';
export * from './tokens/token-keeper.ts';
export * from './tokens/token-source.ts';
