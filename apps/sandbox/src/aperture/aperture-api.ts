import type { ApertureConfigInput } from './aperture-config.js';
import type { HookRecord } from './hook-chain.js';
import type { RequestCoding } from './hook-client.js';
import type { QuotaStates } from './hook-payload.js';
import type { ApertureIdentity } from './identity.js';

/** One client request on its way through. */
export interface ApertureExchange {
  requestId: string;
  sessionId: string;
  loginName: string;
  provider: string;
  model: string;
  /** Path and query. */
  url: string;
  /** The client's body, decoded. */
  clientBody: Buffer;
  /** What went to the provider; absent when the request was refused. */
  forwardedBody?: Buffer;
  /** Status that the client got. */
  status: number;
  /** The hook that refused the request, by block or by failing closed. */
  refusedBy?: string;
}

/** US dollars per token, by `provider/model`. */
type TokenPrices = Readonly<Record<string, { input: number; output: number }>>;

export interface ApertureOptions {
  config: ApertureConfigInput;
  /** Upstream of every provider that has no `baseurl`. */
  llmUrl: string;
  /** Who connects to `url`. */
  identity: ApertureIdentity;
  /** `metadata.url`: the sources show both forms. Default `path`. */
  urlForm?: 'path' | 'absolute';
  quotas?: QuotaStates;
  prices?: TokenPrices;
  /** Codings in which a hook's first request already goes out, by hook key. */
  hookCodings?: Readonly<Record<string, RequestCoding>>;
  /** Whether Accept-Encoding on a hook's reply makes later requests compressed. Default true. */
  learnsCodings?: boolean;
  /** TCP port on 127.0.0.1 for `url`; 0, the default, takes a free one. */
  port?: number;
}

export interface SimulatedAperture {
  /** For clients that are `options.identity`; without a trailing slash. */
  url: string;
  /** A further address, for clients that are someone else. Each connection is a session of its own. */
  connect(identity: ApertureIdentity): Promise<string>;
  /** Hooks called, in the order in which they were answered. */
  hooks: readonly HookRecord[];
  exchanges: readonly ApertureExchange[];
  /** Resolves once all post-response events have been delivered or dropped. */
  settled(): Promise<void>;
  /** Throws ZodError when the configuration is not valid. */
  reconfigure(config: ApertureConfigInput): void;
  /** Forgets hooks and exchanges. */
  clear(): void;
  close(): Promise<void>;
}
