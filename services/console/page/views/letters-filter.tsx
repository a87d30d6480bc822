/* Which dead letters and parked entries are shown. What is chosen stands in the address; times are those of the table. */
import { useEffect, useRef } from 'preact/hooks';
import { lettersLink } from '../state/route.ts';

type Filter = Readonly<Record<string, string>>;

export function FilterForm({ connectionId, filter }: { readonly connectionId: string; readonly filter: Filter }) {
  const form = useRef<HTMLFormElement>(null);
  // The fields follow the address and stay the same elements, so that whoever is in one of them stays there.
  useEffect(() => {
    for (const field of fieldsOf(form.current)) {
      const value = filter[field.name] ?? '';
      field.value = field.type === 'datetime-local' ? localOf(value) : value;
    }
  }, [JSON.stringify(filter)]);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const values = fieldsOf(form.current)
      .map((field) => [field.name, field.value.trim(), field.type] as const)
      .filter(([, value]) => value !== '')
      .map(([name, value, type]) => [name, type === 'datetime-local' ? new Date(value).toISOString() : value]);
    location.hash = lettersLink(connectionId, Object.fromEntries(values));
  }

  return (
    <form class="filter" ref={form} onSubmit={submit} aria-label="Filter dead letters">
      <select name="state" aria-label="State">
        {['', 'dead', 'parked'].map((state) => (
          <option key={state} value={state}>
            {state === '' ? 'dead and parked' : `${state} only`}
          </option>
        ))}
      </select>
      <input name="code" placeholder="Code" aria-label="Code" />
      <input name="itemId" placeholder="Item" aria-label="Item" />
      <label>
        Ended before <input type="datetime-local" name="before" step="1" />
      </label>
      <button type="submit">Filter</button>
      {Object.keys(filter).length > 0 && (
        <a href={lettersLink(connectionId)} onClick={() => fieldsOf(form.current)[0]?.focus()}>
          Clear
        </a>
      )}
    </form>
  );
}

function fieldsOf(form: HTMLFormElement | null): readonly (HTMLInputElement | HTMLSelectElement)[] {
  return [...(form?.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select') ?? [])];
}

/** As the field takes it, in this machine's zone; empty: no time. */
function localOf(instant: string): string {
  const ms = Date.parse(instant);
  if (Number.isNaN(ms)) return '';
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
