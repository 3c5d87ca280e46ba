import { z } from 'zod';

const condition = {
  /** Only paths that this regular expression finds itself in. */
  path: z
    .string()
    .refine((text) => compiles(text), 'must be a regular expression')
    .optional(),
  method: z.string().toUpperCase().optional(),
  /** Only so many requests. */
  count: z.int().positive().optional(),
  /** Out of `fail + pass` matching requests the first `fail` are struck, over and over. */
  flapping: z.strictObject({ fail: z.int().positive(), pass: z.int().positive() }).optional(),
};

/** The ways in which the headers of a 429 can be bad. */
const limitHeaders = z.enum(['normal', 'none', 'no_date', 'duplicate_reset', 'past_reset']);

/**
 * What goes wrong at a vendor.
 *
 * - `down`: nobody listens, connections are refused
 * - `reset`: the connection is cut before the answer
 * - `slow`: the answer comes `delayMs` later
 * - `rate_limited`: 429 in the vendor's form
 * - `error`: a 5xx in the vendor's form
 * - `html`: a page in place of JSON
 * - `truncated`: the JSON ends in the middle, in a whole HTTP answer
 * - `hang`: never an answer
 * - `answer`: just the given answer
 */
export const faultSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('down') }),
  z.strictObject({ mode: z.literal('reset'), ...condition }),
  z.strictObject({ mode: z.literal('hang'), ...condition }),
  z.strictObject({ mode: z.literal('truncated'), ...condition }),
  z.strictObject({ mode: z.literal('slow'), delayMs: z.int().nonnegative(), ...condition }),
  z.strictObject({
    mode: z.literal('rate_limited'),
    headers: limitHeaders.default('normal'),
    /** End of the limit by the vendor's answer, in s from now. */
    resetSeconds: z.int().nonnegative().default(1),
    ...condition,
  }),
  z.strictObject({ mode: z.literal('error'), status: z.int().min(500).max(599).default(500), ...condition }),
  z.strictObject({ mode: z.literal('html'), status: z.int().min(200).max(599).default(502), ...condition }),
  z.strictObject({
    mode: z.literal('answer'),
    status: z.int().min(200).max(599).default(200),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().default(''),
    ...condition,
  }),
]);

/** A fault as it is asked for. */
export type FaultInput = z.input<typeof faultSchema>;
export type Fault = z.output<typeof faultSchema>;
/** A fault of one request; `down` strikes the listener instead. */
export type RequestFault = Exclude<Fault, { mode: 'down' }>;

/** The faults of one vendor: the first that fits a request strikes it. */
export class FaultList {
  #faults: { readonly fault: RequestFault; readonly path?: RegExp; matched: number }[] = [];

  set(faults: readonly Fault[]): void {
    this.#faults = faults
      .filter((fault) => fault.mode !== 'down')
      .map((fault) => ({ fault, path: fault.path === undefined ? undefined : new RegExp(fault.path), matched: 0 }));
  }

  get list(): readonly RequestFault[] {
    return this.#faults.map((entry) => entry.fault);
  }

  /** The fault that strikes the request, if one does; counts the request. */
  strike(method: string, path: string): RequestFault | undefined {
    for (const entry of this.#faults) {
      const { fault } = entry;
      if (fault.method !== undefined && fault.method !== method) continue;
      if (entry.path !== undefined && !entry.path.test(path)) continue;
      if (fault.count !== undefined && entry.matched >= fault.count) continue;
      const turn = entry.matched++;
      if (fault.flapping && turn % (fault.flapping.fail + fault.flapping.pass) >= fault.flapping.fail) continue;
      return fault;
    }
    return undefined;
  }
}

function compiles(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
