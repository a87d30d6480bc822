/* Takes a connection that nobody needs any more out of every list; shown where nothing of it can be delivered. */
import { useState } from 'preact/hooks';
import type { ShownConnection } from '../../src/words/shown.ts';
import { ask, mayOperate } from '../state/ask.ts';
import { whole } from '../state/format.ts';
import { lettersLink, OVERVIEW } from '../state/route.ts';
import { confirm, show } from './dialogs.tsx';
import { SteadyButton } from './steady-button.tsx';

interface ForgetAnswer {
  readonly forgotten: boolean;
  readonly discarded: number;
}

/** What is in a call ends within a lease; then nothing is left to wait for. */
const TRIES_MAX = 60;
const AGAIN_MS = 1000;

export function Forget({ connection }: { readonly connection: ShownConnection }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { connectionId, pending, state } = connection;
  const still = state === 'paused' || state === 'held' || pending === 0;
  const kept = connection.deadLetters + connection.parkedEntries;
  if (!mayOperate() || !still) return null;

  async function forget(): Promise<void> {
    if (kept > 0) {
      show(`${connectionId} cannot be forgotten yet`, <Kept connectionId={connectionId} kept={kept} />);
      return;
    }
    const confirmed = await confirm({
      title: `Forget ${connectionId}?`,
      body: pending > 0 ? <Discarding pending={pending} /> : <Forgotten />,
      label: pending > 0 ? `Discard ${whole(pending)} and forget` : 'Forget',
      dangerous: true,
    });
    if (!confirmed) return;
    setBusy(true);
    setProblem(null);
    try {
      await askUntilForgotten(connectionId, pending > 0);
      location.hash = OVERVIEW;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <>
      <SteadyButton off={busy} onPress={() => void forget()}>
        {busy ? 'Forgetting …' : 'Forget …'}
      </SteadyButton>
      {problem !== null && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}

function Kept({ connectionId, kept }: { readonly connectionId: string; readonly kept: number }) {
  return (
    <p>
      {kept === 1 ? 'One dead letter or parked entry is' : `${whole(kept)} dead letters and parked entries are`} kept of
      it. <a href={lettersLink(connectionId)}>Replay or discard them</a>, then forget it.
    </p>
  );
}

function Forgotten() {
  return (
    <p>
      It leaves every list, with its counters and what was learned of its quota. The next activity for it makes it anew.
    </p>
  );
}

function Discarding({ pending }: { readonly pending: number }) {
  return (
    <>
      <p>
        <b>{whole(pending)} activities that were accepted are never delivered.</b> This cannot be undone. Their receipts
        count them as discarded.
      </p>
      <Forgotten />
    </>
  );
}

async function askUntilForgotten(connectionId: string, discard: boolean): Promise<void> {
  const path = `/api/v1/connections/${encodeURIComponent(connectionId)}${discard ? '?pending=discard' : ''}`;
  for (let tried = 1; ; tried++) {
    const { forgotten, discarded } = await ask<ForgetAnswer>(path, undefined, 'DELETE');
    if (forgotten) return;
    if (tried === TRIES_MAX) throw new Error('Some of it is still in a call; try again in a while.');
    if (discarded === 0) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
