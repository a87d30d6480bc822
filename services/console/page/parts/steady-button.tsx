/* A button that cannot be pressed now keeps focus: one that is disabled drops it, and who works by keyboard is lost. */
import type { ComponentChildren } from 'preact';

interface SteadyButtonProps {
  readonly off: boolean;
  readonly onPress: () => void;
  readonly class?: string;
  readonly title?: string;
  readonly label?: string;
  readonly children: ComponentChildren;
}

export function SteadyButton({ off, onPress, label, children, ...rest }: SteadyButtonProps) {
  return (
    <button
      type="button"
      aria-disabled={off}
      aria-label={label}
      onClick={() => {
        if (!off) onPress();
      }}
      {...rest}
    >
      {children}
    </button>
  );
}
