export { changeKeyFile, readKeyFile } from './change-key-file.ts';
export { drawKey } from './draw-key.ts';
export { hashKey } from './hash-key.ts';
export type { AccessLogger } from './key-file.ts';
export { OPEN_ACCESS, type OpenAccessParts, openAccess } from './open-access.ts';
