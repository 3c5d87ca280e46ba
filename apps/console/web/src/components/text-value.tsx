import { useState } from 'preact/hooks';
import { count } from '../text/format.js';
import { MOST_CHARACTERS, SHOWN_CHARACTERS, STEP_CHARACTERS } from '../text/json-limits.js';
import { clampText, visibleParts } from '../text/visible-text.js';

interface TextValueProps {
  readonly text: string;
  /** UTF-16 units that are shown at first. */
  readonly limit?: number;
  /** Keeps line breaks and spaces, in a typeface of one width. */
  readonly block?: boolean;
  readonly mono?: boolean;
  /** For places without room for a button, such as a row that is a link: the rest is never shown there. */
  readonly fixed?: boolean;
}

/**
 * A text from a record. It is only ever a text node; its direction cannot reach the text around it, and characters that
 * would not be seen are shown by their number.
 */
export function TextValue({ text, limit = SHOWN_CHARACTERS, block, mono, fixed }: TextValueProps) {
  const [shown, setShown] = useState(limit);
  const { text: start, rest } = clampText(text, Math.min(shown, Math.max(limit, MOST_CHARACTERS)));
  const classes = ['text', block && 'text-block', (mono || block) && 'mono'].filter(Boolean).join(' ');
  return (
    <>
      <bdi class={classes}>
        <VisibleText text={start} />
        {rest > 0 && '…'}
      </bdi>
      {rest > 0 && !fixed && (
        <Rest rest={rest} more={shown < MOST_CHARACTERS} onMore={() => setShown(shown + STEP_CHARACTERS)} />
      )}
    </>
  );
}

function VisibleText({ text }: { readonly text: string }) {
  return visibleParts(text).map((part, index) =>
    part.invisible ? (
      <span class="invisible" key={index} title={part.name}>
        {part.text}
      </span>
    ) : (
      part.text
    ),
  );
}

interface RestProps {
  readonly rest: number;
  readonly more: boolean;
  readonly onMore: () => void;
}

function Rest({ rest, more, onMore }: RestProps) {
  if (!more) return <span class="rest">{count(rest)} more characters are in the raw record</span>;
  return (
    <button type="button" class="more" onClick={onMore}>
      Show more ({count(rest)} characters)
    </button>
  );
}
