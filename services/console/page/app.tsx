/* The frame around every view: name, navigation, whether what is shown is live. */
import { Banner } from './parts/banner.tsx';
import { Dialogs } from './parts/dialogs.tsx';
import { focusOn } from './parts/focus-on.ts';
import { KeyForm } from './parts/key-form.tsx';
import { leave, session } from './state/ask.ts';
import { connect, disconnect, fleet, link } from './state/live.ts';
import { OVERVIEW, route } from './state/route.ts';
import { ConnectionPage } from './views/connection-page.tsx';
import { LettersPage } from './views/letters-page.tsx';
import { Overview } from './views/overview.tsx';

export function App() {
  if (session.value?.needed === true) return <KeyForm onGiven={enter} />;
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Header />
      <Banner />
      <main id="main" tabIndex={-1}>
        <View />
      </main>
      <Dialogs />
    </>
  );
}

function enter(): void {
  connect();
  focusOn('#main');
}

function View() {
  const at = route.value;
  if (at.view === 'connection')
    return <ConnectionPage key={at.connectionId} connectionId={at.connectionId} itemId={at.itemId} />;
  if (at.view === 'letters')
    return <LettersPage key={at.connectionId} connectionId={at.connectionId} filter={at.filter} />;
  return <Overview />;
}

const LINK_WORDS = {
  connecting: 'connecting',
  live: 'live',
  'redis-away': 'Redis away',
  lost: 'connection lost',
  refused: 'not live',
} as const;

function Header() {
  const { kind } = link.value;
  const durability = fleet.value?.durability ?? null;
  return (
    <header class="top">
      <a class="brand" href={OVERVIEW}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M6 12h20M6 20h8m4 0h8" />
        </svg>
        Sluice
      </a>
      <nav aria-label="Main">
        <a href={OVERVIEW} aria-current={route.value.view === 'overview' ? 'page' : undefined}>
          Overview
        </a>
        <a href="/queues">Queues</a>
      </nav>
      <div class="top-end">
        {durability !== null && (
          <span class="fact" title="How safely Redis keeps what was accepted, as it says itself">
            durability <b>{durability}</b>
          </span>
        )}
        <span class={`link link-${kind}`} role="status">
          <i aria-hidden="true" />
          {LINK_WORDS[kind]}
        </span>
        {session.value?.name != null && (
          <button type="button" class="quiet" onClick={() => void leave().then(disconnect)}>
            Sign out {session.value.name}
          </button>
        )}
      </div>
    </header>
  );
}
