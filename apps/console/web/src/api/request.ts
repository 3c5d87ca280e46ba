import type { Problem } from '@iris/console-api';
import { useCallback, useEffect, useState } from 'preact/hooks';

/** An answer of the server that is no success: a problem by RFC 9457, as far as it is one. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';

  constructor(
    readonly status: number,
    message: string,
    /** Stable id of the problem. */
    readonly reason?: string,
    /** Field of the request that has to change. */
    readonly field?: string,
  ) {
    super(message);
  }
}

/** Asks the server that served the page. Throws RequestFailed, or what `fetch` throws when the network fails. */
export async function request<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(path, {
    credentials: 'same-origin',
    ...init,
    headers: { accept: 'application/json', ...init.headers },
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Answer;
}

async function problemOf(response: Response): Promise<RequestFailed> {
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  const { title = `the server answered ${response.status}`, reason, field } = problem;
  return new RequestFailed(response.status, String(title), reason, field);
}

/** How a request is going. The last answer is kept while the next is on its way. */
export interface Loaded<Answer> {
  readonly answer?: Answer;
  readonly error?: Error;
  readonly loading: boolean;
  readonly again: () => void;
}

/** Asks when `key` changes; what came for an earlier key is dropped. Asks nothing without a key. */
export function useLoaded<Answer>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<Answer>,
): Loaded<Answer> {
  const [state, setState] = useState<{ key?: string; answer?: Answer; error?: Error }>({});
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((value) => value + 1), []);
  useEffect(() => {
    if (key === undefined) return;
    const stop = new AbortController();
    load(stop.signal).then(
      (answer) => !stop.signal.aborted && setState({ key, answer }),
      (error: Error) => !stop.signal.aborted && setState({ key, error }),
    );
    return () => stop.abort();
  }, [key, round]);
  return { answer: state.answer, error: state.error, loading: key !== undefined && state.key !== key, again };
}
