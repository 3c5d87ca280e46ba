import type { Me, Role } from '@iris/console-api';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

const ORDER: readonly Role[] = ['viewer', 'auditor', 'admin'];

/** Who reads the page; absent until the server has answered. */
export const ReaderContext = createContext<Me | undefined>(undefined);

/** Whether the reader has a role or one that includes it. */
export function useHasRole(role: Role): boolean {
  const me = useContext(ReaderContext);
  return me !== undefined && ORDER.indexOf(me.role) >= ORDER.indexOf(role);
}
