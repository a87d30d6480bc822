import type { ComponentChildren } from 'preact';

interface TileProps {
  readonly label: string;
  readonly value: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly tone?: 'bad' | 'warn';
}

export function Tile({ label, value, note, tone }: TileProps) {
  return (
    <div class={`tile${tone === undefined ? '' : ` tile-${tone}`}`}>
      <dt>{label}</dt>
      <dd>
        <b>{value}</b>
        {note !== undefined && note !== null && <span>{note}</span>}
      </dd>
    </div>
  );
}
