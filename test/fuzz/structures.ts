import fc from 'fast-check';
import { type GeneratedFormat, PROVIDER_BODIES } from '../../apps/gateway/test/tool-calls/provider-bodies.js';
import { mutated, mutations, transplants } from '../../apps/gateway/test/tool-calls/structure-mutations.js';

export interface StructuredCase {
  readonly url: string;
  /** Whether the address is that of another format. */
  readonly foreign: boolean;
  /** The body as the client sends it. */
  readonly body: unknown;
}

/**
 * Bodies of the format whose structure was changed: lists and objects swapped, keys in another case or spelling, nodes
 * moved, repeated and added, ids made equal, and blocks of other formats put in. One of eight is sent to the address of
 * another format.
 */
export function structures(format: GeneratedFormat): fc.Arbitrary<StructuredCase> {
  return fc
    .tuple(PROVIDER_BODIES[format], fc.oneof(...Object.values(PROVIDER_BODIES)), fc.nat(7))
    .chain(([own, donor, elsewhere]) =>
      fc
        .tuple(mutations, fc.array(transplants(JSON.parse(donor.text)), { maxLength: 2 }))
        .map(([changes, transplanted]) => ({
          url: elsewhere === 0 ? donor.url : own.url,
          foreign: elsewhere === 0 && donor.format !== format,
          body: mutated(JSON.parse(own.text), [...transplanted, ...changes]),
        })),
    );
}
