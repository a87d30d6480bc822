/* The one dialog of the page: asks before something cannot be undone, and shows what is long. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Asked {
  readonly title: string;
  readonly body: ComponentChildren;
  /** Null: there is nothing to confirm. */
  readonly confirm: { readonly label: string; readonly dangerous: boolean } | null;
  readonly answer: (confirmed: boolean) => void;
}

const CONFIRMED = 'confirmed';

const asked = signal<Asked | null>(null);

export function confirm(request: {
  title: string;
  body: ComponentChildren;
  label: string;
  dangerous?: boolean;
}): Promise<boolean> {
  return new Promise((answer) => {
    const { title, body, label, dangerous = false } = request;
    asked.value = { title, body, confirm: { label, dangerous }, answer };
  });
}

export function show(title: string, body: ComponentChildren): void {
  asked.value = { title, body, confirm: null, answer: () => {} };
}

export function Dialogs() {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = asked.value;
  useEffect(() => {
    if (now === null) return;
    dialog.current?.showModal();
    // A link in it leads somewhere else, where it would only stand in the way.
    const close = () => dialog.current?.close();
    addEventListener('hashchange', close);
    return () => removeEventListener('hashchange', close);
  }, [now]);
  if (now === null) return null;
  // Closed first, taken away then: a dialog that closes gives focus back to where it was.
  const close = (confirmed: boolean) => dialog.current?.close(confirmed ? CONFIRMED : '');
  const end = () => {
    const confirmed = dialog.current?.returnValue === CONFIRMED;
    asked.value = null;
    now.answer(confirmed);
  };
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={end}>
      <h2 id="dialog-title">{now.title}</h2>
      <div class="dialog-body">{now.body}</div>
      <div class="dialog-end">
        <button type="button" onClick={() => close(false)}>
          {now.confirm === null ? 'Close' : 'Cancel'}
        </button>
        {now.confirm !== null && (
          <button type="button" class={now.confirm.dangerous ? 'danger' : 'primary'} onClick={() => close(true)}>
            {now.confirm.label}
          </button>
        )}
      </div>
    </dialog>
  );
}
