import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isReceiptId, makeReceiptRef, receiptIdOf } from './receipt-id.ts';

test('any bytes give a receipt id that is one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), (bytes) => {
      const ref = makeReceiptRef(bytes);
      assert.match(ref, /^[A-Za-z0-9]{12}$/);
      assert.ok(isReceiptId(receiptIdOf('s0', ref)));
    }),
  );
  assert.equal(
    receiptIdOf('s0', makeReceiptRef(Uint8Array.from([0, 9, 10, 35, 36, 61, 62, 1, 2, 3, 4, 255]))),
    's009AZaz012347',
  );
});

test('nothing else is a receipt id', () => {
  for (const text of [
    '',
    's0',
    's0AbCdEf01234',
    's0AbCdEf0123456789',
    '{s0}AbCdEf012345',
    's0AbCdEf01234-',
    'x0AbCdEf012345',
    's0../../../../',
  ]) {
    assert.equal(isReceiptId(text), false, text);
  }
});
