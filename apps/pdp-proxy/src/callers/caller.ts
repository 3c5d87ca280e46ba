import type { X509Certificate } from 'node:crypto';

/** Who asks. */
export interface Caller {
  readonly name: string;
  /** What the caller was authenticated by. */
  readonly by: 'certificate' | 'jwt' | 'key' | 'address';
  /** Kinds of resource that it may ask about; `*` at the end stands for any rest. */
  readonly kinds: readonly string[];
  /** Whether it may search: a search returns people, resources and what they may do. */
  readonly search: boolean;
}

/** What a connection and a request state of their sender, before any byte of the body is read. */
export interface Credentials {
  header(name: string): string | undefined;
  /** Alternative names of a verified client certificate, such as `URI:spiffe://…, DNS:…`. */
  readonly certificateNames?: X509Certificate['subjectAltName'];
  /** Address of the peer. */
  readonly address?: string;
}

/** The caller, or why there is none. The text names no credential. */
export type Authentication =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly problem: string };

/** Whether a caller may ask about a kind of resource. */
export function mayAsk({ kinds }: Caller, kind: string): boolean {
  return kinds.some((pattern) => (pattern.endsWith('*') ? kind.startsWith(pattern.slice(0, -1)) : pattern === kind));
}
