/*
  The names of shards, and the slots of a Redis Cluster that they lead to. The first n of them lie as evenly on 2, 3, 4, 6 or
  more servers as n things can, where each server has as many slots as the next. Their order never changes: entries lie there.
*/
export const SHARD_TAGS: readonly string[] = `
s0 s965 s995 s348 s918 s833 s402 s785 s923 s512 s695 s808 s618 s383 s885 s44
s14 s316 s171 s900 s856 s16 s466 s350 s496 s421 s160 s600 s601 s944 s586 s911
s143 s746 s810 s486 s358 s895 s747 s340 s597 s190 s503 s163 s985 s608 s898 s140
s413 s476 s596 s740 s283 s794 s25 s610 s359 s909 s609 s457 s745 s239 s981 s798
`
  .trim()
  .split(/\s+/);

export const SHARDS_MAX = SHARD_TAGS.length;
const SLOTS = 16_384;

/** As Redis computes it: CRC16 (XMODEM) of the tag. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (let at = 0; at < tag.length; at++) {
    crc ^= tag.charCodeAt(at) << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc % SLOTS;
}
