export * from './config.ts';
export * from './connection-settings.ts';
export { describeSchema } from './describe-schema.ts';
export { describeSettings } from './describe-settings.ts';
export type { ReadFile, Variables } from './environment.ts';
export { ConfigError, loadConfig, type Needs } from './load-config.ts';
export { checkPair } from './read-access.ts';
export { isLoopback } from './urls.ts';
export { type FileWatch, watchFiles } from './watch-files.ts';
