import { render } from 'preact';
import './style.css';
import { App } from './app.tsx';
import { readSession } from './state/ask.ts';
import { openLive } from './state/live.ts';

render(<App />, document.getElementById('app')!);
readSession().then(
  () => openLive(),
  // The stream tells by itself when the console is away.
  () => openLive(),
);
