/* Which view is open: it stands in the address behind the #, so that it can be kept, sent and gone back to. */
import { signal } from '@preact/signals';

export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'connection'; readonly connectionId: string; readonly itemId: string | null }
  | { readonly view: 'letters'; readonly connectionId: string; readonly filter: Readonly<Record<string, string>> };

export const route = signal<Route>(parse(location.hash));
addEventListener('hashchange', () => {
  const [before, next] = [route.value, parse(location.hash)];
  route.value = next;
  // Within a view what was pressed is still there, and keeps focus.
  if (placeOf(before) === placeOf(next)) return;
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
});

function placeOf(at: Route): string {
  return at.view === 'overview' ? at.view : `${at.view} ${at.connectionId}`;
}

export const OVERVIEW = '#/';

export function connectionLink(connectionId: string, itemId?: string): string {
  const base = `#/connections/${encodeURIComponent(connectionId)}`;
  return itemId === undefined ? base : `${base}?item=${encodeURIComponent(itemId)}`;
}

export function lettersLink(connectionId: string, filter: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(filter).toString();
  return `#/connections/${encodeURIComponent(connectionId)}/dead-letters${query === '' ? '' : `?${query}`}`;
}

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [first, connectionId, last] = path.split('/').map(decode);
  const values = Object.fromEntries(new URLSearchParams(query));
  if (first !== 'connections' || connectionId === undefined || connectionId === '') return { view: 'overview' };
  if (last === 'dead-letters') return { view: 'letters', connectionId, filter: values };
  return { view: 'connection', connectionId, itemId: values['item'] ?? null };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
