/** A set of call numbers, one bit each: 100 million calls take 12.5 MB. */
export interface CallSet {
  add(call: number): void;
  has(call: number): boolean;
  clear(): void;
}

const BYTES_MIN = 1024;

export function createCallSet(): CallSet {
  let bits = new Uint8Array(BYTES_MIN);
  return {
    add(call) {
      const byte = Math.floor(call / 8);
      if (byte >= bits.length) {
        const grown = new Uint8Array(Math.max(byte + 1, bits.length * 2));
        grown.set(bits);
        bits = grown;
      }
      bits[byte] = bits[byte]! | (1 << (call % 8));
    },
    has: (call) => ((bits[Math.floor(call / 8)] ?? 0) & (1 << (call % 8))) !== 0,
    clear() {
      bits = new Uint8Array(BYTES_MIN);
    },
  };
}
