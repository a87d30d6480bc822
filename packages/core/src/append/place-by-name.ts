/*
  Which shard a tenant lies in. Everything that reads or writes it must find it there, today and after any restart, so it
  follows from the tenant's name and the number of shards alone.
*/

/** FNV-1a, mixed once more, so that names that differ in one letter are spread as well. */
export function placeByName(name: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shards;
}
