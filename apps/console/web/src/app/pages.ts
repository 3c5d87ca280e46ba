import type { ComponentType } from 'preact';

/** What a page is given: the id in its address, where it has one. */
export interface PageProps {
  readonly id?: string;
}

/** A page: the first segment of its address, and its name in the navigation, if it is there. */
export interface PageEntry {
  readonly section: string;
  readonly name?: string;
  readonly show: ComponentType<PageProps>;
}
