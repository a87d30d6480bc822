import { useEffect, useRef, useState } from 'preact/hooks';
import { giveKey } from '../state/ask.ts';

export function KeyForm({ onGiven }: { readonly onGiven: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const key = new FormData(event.currentTarget as HTMLFormElement).get('key');
    setBusy(true);
    try {
      await giveKey(String(key).trim());
      onGiven();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      field.current?.select();
    } finally {
      setBusy(false);
    }
  }

  return (
    <main class="key-form">
      <form onSubmit={(event) => void submit(event)}>
        <h1>Sluice</h1>
        <label for="key">API key with scope read; operate to change something</label>
        <input id="key" name="key" type="password" autocomplete="current-password" required ref={field} />
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy}>
          Sign in
        </button>
        <p class="dim">
          A key is made with <code>npx sluice keys create</code>. It stays in this browser's session only.
        </p>
      </form>
    </main>
  );
}
