/*
  Requests as bytes, made once. Each sending changes the digits that make its activities (and, where asked, its items) unlike
  those of all requests before, in place: a thousand ids cost about ten microseconds.
*/

export interface RequestKind {
  /** Activities in one request. */
  readonly activities: number;
  /** hot: spread evenly over HOT_ITEMS items, the same for ever. distinct: an item of its own for each activity there ever is. */
  readonly items: 'hot' | 'distinct';
}

export const HOT_ITEMS = 100;
export const BENCH_CONNECTION = 'bench';
const DIGITS = 9;
const UNSET = '0'.repeat(DIGITS);
const BEGIN_MS = Date.UTC(2026, 0, 1);
const PERFORMER = '1f0c997e-99f7-43f1-8cca-086f8d42be8d';

/** Answers the next request of a connection. At most one request of a connection may be unanswered. */
export function createRequests(kind: RequestKind, connections: number): (connection: number) => Buffer {
  const template = makeTemplate(kind);
  const buffers = Array.from({ length: connections }, () => Buffer.from(template.bytes));
  const digits = Buffer.alloc(DIGITS);
  let sent = 0;
  return (connection) => {
    digits.write(String(sent++).padStart(DIGITS, '0'), 'latin1');
    const bytes = buffers[connection]!;
    for (const { at, from } of template.slots) {
      for (let i = from; i < DIGITS; i++) bytes[at + i - from] = digits[i]!;
    }
    return bytes;
  };
}

interface Template {
  readonly bytes: Buffer;
  /** Where the last digits of the request's number stand, beginning with digit `from`. */
  readonly slots: readonly { readonly at: number; readonly from: number }[];
}

/** Two digits: the requests of one activity go over HOT_ITEMS items, too. */
const ITEM_DIGITS_FROM = DIGITS - 2;

function makeTemplate({ activities, items }: RequestKind): Template {
  const single = activities === 1;
  const slots: { at: number; from: number }[] = [];
  let text = '';
  const add = (more: string) => {
    text += more;
  };
  const addNumber = (from: number) => {
    slots.push({ at: text.length, from });
    add(UNSET.slice(from));
  };

  if (!single) add('{"activities":[');
  for (let n = 0; n < activities; n++) {
    add(n === 0 ? '{' : ',{');
    add(`"id":"p${n}-`);
    addNumber(0);
    add('",');
    if (!single && items === 'distinct') {
      add(`"itemId":"i${n}-`);
      addNumber(0);
      add('",');
    } else if (!single) add(`"itemId":"item-${String(n % HOT_ITEMS).padStart(2, '0')}",`);
    add(`"type":"viewed","startDateTime":"${new Date(BEGIN_MS + n).toISOString()}",`);
    add(`"performedBy":{"type":"user","id":"${PERFORMER}"}}`);
  }
  if (!single) add(']}');
  return single ? withHead(text, slots, '/items/item-', items === 'hot' ? ITEM_DIGITS_FROM : 0) : withHead(text, slots);
}

/** `place`: what of the path stands before the item's number, for requests whose path names the item. */
function withHead(body: string, bodySlots: Template['slots'], place = '', itemFrom = 0): Template {
  const before = `POST /v1/connections/${BENCH_CONNECTION}${place}`;
  const item = place === '' ? '' : UNSET.slice(itemFrom);
  const after =
    '/activities HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n' +
    `content-length: ${body.length}\r\n\r\n`;
  const headLength = before.length + item.length + after.length;
  const slots = bodySlots.map(({ at, from }) => ({ at: at + headLength, from }));
  if (item !== '') slots.push({ at: before.length, from: itemFrom });
  return { bytes: Buffer.from(before + item + after + body, 'latin1'), slots };
}
