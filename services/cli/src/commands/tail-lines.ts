/* The events of a tail for people: one line each, the same columns in all of them. */
import { inert } from '../inert.ts';

export type TailEvent = Readonly<Record<string, unknown>> & { readonly event: string };

const RED = 31;
const YELLOW = 33;
const GRAY = 90;

/** `colored`: on a terminal. */
export function lineOf(told: TailEvent, colored: boolean): string {
  const event = Object.fromEntries(
    Object.entries(told).map(([name, value]) => [name, typeof value === 'string' ? inert(value) : value]),
  ) as TailEvent;
  const paint = (color: number, text: string) => (colored ? `\u001b[${color}m${text}\u001b[0m` : text);
  switch (event.event) {
    case 'accepted':
      return `${head(event)}  accepted  ${activities(event['entries'])}${duplicates(event['duplicates'])}${
        event['receiptId'] ? paint(GRAY, `  receipt ${event['receiptId']}`) : ''
      }`;
    case 'call':
      return callLine(event, paint);
    case 'state': {
      const remedy = event['remedy'] ? ` ${event['remedy']}` : '';
      const stopped = event['state'] === 'held' || event['state'] === 'breaker';
      return `${head(event)}  state     ${paint(stopped ? RED : YELLOW, String(event['text']))}.${remedy}`;
    }
    case 'left-out':
      return paint(YELLOW, `... ${count(event['events'])} more events were left out: more happened than is shown here`);
    case 'away':
      return paint(YELLOW, '... Redis does not answer the console; what happens meanwhile is not shown');
    default:
      return '';
  }
}

/** Time, connection and item. */
function head(event: TailEvent): string {
  const time = String(event['at']).slice(11, 23);
  const item = event['itemId'] ?? (event.event === 'accepted' ? '(more items)' : '-');
  return `${time}  ${String(event['connectionId']).padEnd(12)}  ${String(item).padEnd(20)}`;
}

function callLine(event: TailEvent, paint: (color: number, text: string) => string): string {
  const [delivered, retried, dead, parked] = ['delivered', 'retried', 'dead', 'parked'].map((name) =>
    Number(event[name] ?? 0),
  );
  const outcome = [
    [delivered, 'delivered'],
    [retried, 'to be tried again'],
    [dead, 'dead'],
    [parked, 'parked'],
  ].flatMap(([n, words]) => (n === 0 ? [] : [`${n} ${words}`]));
  const whole = retried === 0 && dead === 0 && parked === 0;
  const stale = event['stale'] === true ? ['too late: its lease was over'] : [];
  const status = paint(whole ? GRAY : RED, String(event['status']));
  const reason = event['reason'] ? `: ${String(event['reason']).replaceAll(/\s+/g, ' ')}` : '';
  const id = event['requestId'] ? paint(GRAY, `  request-id ${event['requestId']}`) : '';
  return `${head(event)}  call      ${activities(event['entries'])} -> ${status} in ${event['durationMs']} ms, ${[...outcome, ...stale].join(', ')}${reason}${id}`;
}

function activities(n: unknown): string {
  return n === 1 ? '1 activity' : `${count(n)} activities`;
}

function duplicates(n: unknown): string {
  return Number(n ?? 0) === 0 ? '' : `, ${count(n)} accepted before`;
}

function count(n: unknown): string {
  return Number(n ?? 0).toLocaleString('en');
}
