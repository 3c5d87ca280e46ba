import type { ComponentChildren } from 'preact';

interface CardProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly class?: string;
}

/** A titled part of a page. */
export function Card({ title, children, note, class: more = '' }: CardProps) {
  return (
    <div class={`card ${more}`}>
      <h2>{title}</h2>
      {note && <p class="quiet">{note}</p>}
      {children}
    </div>
  );
}
