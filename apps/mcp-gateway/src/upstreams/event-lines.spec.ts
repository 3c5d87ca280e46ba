import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventLines } from './event-lines.js';

/** The data of each event, as the specification of HTML reads a whole stream. */
function dataOf(text: string): string[] {
  const events: string[] = [];
  let data: string[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  // What no line end follows is no line yet.
  lines.pop();
  for (const line of lines) {
    if (line === '') {
      events.push(data.join('\n'));
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    if (name === 'data') data.push(colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, ''));
  }
  return events;
}

const piece = fc.constantFrom(
  'data',
  'data:',
  'data: ',
  'datax:',
  'id: 1',
  ':',
  ' ',
  'x',
  '{"a":1}',
  'ü',
  '\n',
  '\r',
  '\r\n',
  '\n\n',
);

describe('EventLines', () => {
  it('finds the data of each event, and loses no byte, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(200), { maxLength: 6 }), (pieces, cuts) => {
        // A line feed after a carriage return that ends the text may still come.
        const text = pieces.join('').replace(/\r$/, '');
        const bytes = Buffer.from(text);
        const events: string[] = [];
        const raw: Uint8Array[] = [];
        let data: Uint8Array[] = [];
        const lines = new EventLines({
          data: (part) => void data.push(part),
          raw: (part) => void raw.push(part),
          end: () => {
            events.push(Buffer.concat(data).toString('utf8'));
            data = [];
          },
        });
        let from = 0;
        for (const cut of [...cuts.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
          lines.write(bytes.subarray(from, cut));
          from = cut;
        }
        expect(events).toEqual(dataOf(text));
        expect(Buffer.concat(raw)).toEqual(bytes);
      }),
    );
  });
});
