import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface CardProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly class?: string;
}

/** A titled part of a page, which screen readers list as a region. */
export function Card({ title, children, note, class: more = '' }: CardProps) {
  const id = useId();
  return (
    <section class={`card ${more}`} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {note && <p class="quiet">{note}</p>}
      {children}
    </section>
  );
}
