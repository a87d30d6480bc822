/* Receipt ids: the shard's tag, which says where the receipt lies, and a reference that nobody can guess. */
import { RECEIPT_REF_LENGTH } from '../activity/entry.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RECEIPT_ID = /^s\d{1,3}[A-Za-z0-9]{12}$/;

/** What entries carry of their receipt, from as many random bytes. 256 is no multiple of 62: of 71.5 bits 71.4 are left. */
export function makeReceiptRef(bytes: Uint8Array): string {
  let ref = '';
  for (let at = 0; at < RECEIPT_REF_LENGTH; at++) ref += ALPHABET[bytes[at]! % ALPHABET.length];
  return ref;
}

export function receiptIdOf(shardTag: string, receiptRef: string): string {
  return shardTag + receiptRef;
}

/** The tag that it begins with. */
export function shardTagIn(receiptId: string): string {
  return receiptId.slice(0, -RECEIPT_REF_LENGTH);
}

export function receiptRefIn(receiptId: string): string {
  return receiptId.slice(-RECEIPT_REF_LENGTH);
}

export function isReceiptId(text: string): boolean {
  return RECEIPT_ID.test(text);
}
