export * from './clouds.ts';
export { type GraphConfig, GraphConfigError, type GraphEndpoints, resolveEndpoints } from './graph-config.ts';
export * from './send/create-graph-sender.ts';
export { readClaimsChallenge } from './send/read-claims-challenge.ts';
export * from './tokens/credential.ts';
export { openTokenSource, type TokenSourceOptions } from './tokens/open-token-source.ts';
export { readCredentialExpiryMs } from './tokens/read-credential-expiry.ts';
export * from './tokens/token-keeper.ts';
export * from './tokens/token-source.ts';
