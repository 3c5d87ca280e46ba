import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

interface PageHeadProps {
  readonly title: string;
  readonly sub?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The title of a page, also in the window, with what belongs to the whole page beside it. */
export function PageHead({ title, sub, children }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} · Iris console`;
  }, [title]);
  return (
    <header class="page-head">
      <h1>{title}</h1>
      {sub && <span class="sub">{sub}</span>}
      {children && <div class="actions">{children}</div>}
    </header>
  );
}
