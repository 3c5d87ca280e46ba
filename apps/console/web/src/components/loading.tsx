import type { ComponentChildren } from 'preact';
import { type Loaded, RequestFailed } from '../api/request.js';
import { visibleLine } from '../text/visible-text.js';
import { Icon } from './icon.js';

interface LoadingProps<Answer> {
  readonly of: Loaded<Answer>;
  readonly children: (answer: Answer) => ComponentChildren;
}

/** What was loaded, or why it is not there and how to ask again. */
export function Loading<Answer>({ of, children }: LoadingProps<Answer>) {
  if (of.error !== undefined) return <Failure error={of.error} onAgain={of.again} />;
  if (of.answer === undefined) return <p class="none">Loading…</p>;
  return <>{children(of.answer)}</>;
}

interface FailureProps {
  readonly error: Error;
  readonly onAgain?: () => void;
}

export function Failure({ error, onAgain }: FailureProps) {
  return (
    <div class="notice notice-bad" role="alert">
      <Icon name="warning" />
      <span>{explanation(error)}</span>
      {onAgain && (
        <button type="button" class="button" onClick={onAgain}>
          Try again
        </button>
      )}
    </div>
  );
}

function explanation(error: Error): string {
  const message = visibleLine(error.message, 400);
  if (!(error instanceof RequestFailed)) return `The server cannot be reached: ${message}`;
  if (error.status === 401) return 'Not signed in. Reload the page to sign in.';
  if (error.status === 403) return `Your role does not allow this: ${message}`;
  if (error.status === 404) return `Not found: ${message}`;
  return error.field === undefined ? message : `${visibleLine(error.field)}: ${message}`;
}
