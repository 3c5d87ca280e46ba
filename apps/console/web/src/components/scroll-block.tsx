import { TextValue } from './text-value.js';

interface ScrollBlockProps {
  /** Names the region to screen readers. */
  readonly label: string;
  readonly text: string;
  /** UTF-16 units that are shown at first. */
  readonly limit: number;
}

/** A long text in a region that scrolls, by the keyboard too. */
export function ScrollBlock({ label, text, limit }: ScrollBlockProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
    <section class="block" aria-label={label} tabIndex={0}>
      <TextValue text={text} limit={limit} block />
    </section>
  );
}
