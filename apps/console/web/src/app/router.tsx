import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Where the reader is. All that a page shows follows from it, so that an address can be passed on. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const listeners = new Set<() => void>();
let announced = here();

function here(): Place {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

function announce(): void {
  announced = here();
  for (const listener of listeners) listener();
}

window.addEventListener('popstate', announce);

/** Goes to an address of the console. With `replace` the one before is not kept in the history. */
export function navigate(to: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, '', to);
  else window.history.pushState(null, '', to);
  announce();
}

/** The current place; renders again when it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(announced);
  useEffect(() => {
    const listener = () => setPlace(announced);
    listeners.add(listener);
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return place;
}

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** An address with a query. A list is repeated, and what is empty is left out. */
export function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one) =>
      one === undefined || one === '' ? [] : [[name, String(one)]],
    ),
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** An id as one segment of a path, whatever is in it; half a surrogate pair becomes U+FFFD, since no address has it. */
export function segmentOf(id: string): string {
  return encodeURIComponent(id.toWellFormed());
}

/** The address of a page about an id. */
export function pathTo(section: string, id: string): string {
  return `/${section}/${segmentOf(id)}`;
}

/** A segment of a path as it was given to `segmentOf`; undefined when it is not well-formed. */
export function segment(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

interface LinkProps {
  readonly to: string;
  readonly class?: string;
  readonly title?: string;
  readonly 'aria-current'?: 'page' | undefined;
  readonly children: ComponentChildren;
}

/** A link that stays in the page. Opening in another tab works as everywhere. */
export function Link({ to, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}
