/* Pause, resume, release: what an operator does to a connection, with what came of it. */
import { useState } from 'preact/hooks';
import type { ShownConnection } from '../../src/words/shown.ts';
import { ask, mayOperate } from '../state/ask.ts';
import { learnOf } from '../state/live.ts';
import { SteadyButton } from './steady-button.tsx';

const RESUME_WORDS: Readonly<Record<string, string>> = { paused: 'Resume', held: 'Release hold', breaker: 'Try now' };

/** brief: one button, the one that a connection in this state needs. */
export function Steer({
  connection,
  brief = false,
}: {
  readonly connection: ShownConnection;
  readonly brief?: boolean;
}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  if (!mayOperate()) return null;
  const { connectionId, state } = connection;

  async function steer(action: 'pause' | 'resume'): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      learnOf(
        await ask<ShownConnection>(
          `/api/v1/connections/${encodeURIComponent(connectionId)}/${action}`,
          undefined,
          'POST',
        ),
      );
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }

  const resume = RESUME_WORDS[state];
  const deeds = [
    ...(resume === undefined ? [] : [{ words: resume, action: 'resume' as const }]),
    ...(state === 'paused' || (brief && resume !== undefined) ? [] : [{ words: 'Pause', action: 'pause' as const }]),
  ];
  return (
    <span class="steer">
      {deeds.map(({ words, action }, n) => (
        // By place and not by deed: the button that was pressed keeps focus, and then says what can be done next.
        <SteadyButton
          key={n}
          off={busy}
          onPress={() => void steer(action)}
          label={`${words}: ${connectionId}`}
          {...(action === 'resume' && { class: 'primary' })}
        >
          {words}
        </SteadyButton>
      ))}
      {problem !== null && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}
