import fc from 'fast-check';
import { PROVIDER_BODIES } from '../../apps/gateway/test/tool-calls/provider-bodies.js';

/** Bytes that mean something to a parser of JSON or UTF-8. */
const TELLING = Buffer.from('{}[]",:\\/0-eE.+ntfu \n\0\u00ff\u2028\ud83d');

const agentHook = fc.record({
  hook_event_name: fc.constantFrom('PreToolUse', 'Stop'),
  session_id: fc.string(),
  tool_name: fc.constantFrom('Bash', 'Read', 'mcp__crm__find', ''),
  tool_input: fc.oneof(fc.constant({ command: 'ls' }), fc.jsonValue()),
});

function textOf(agent: boolean): fc.Arbitrary<string> {
  if (agent) return agentHook.map((hook) => JSON.stringify(hook));
  return fc
    .tuple(
      fc.oneof(...Object.values(PROVIDER_BODIES)),
      fc.constantFrom('ana@lumen.example', 'nobody@lumen.example', '', 'tagged-devices'),
      fc.constantFrom('request_body', 'response_body'),
    )
    .map(
      ([{ text, url }, login, field]) =>
        `{"metadata":${JSON.stringify({ login_name: login, url })},"${field}":${text}}`,
    );
}

const edit = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'delete', 'cut', 'repeat', 'telling'),
  /** Share of the text before the edit, in millionths. */
  at: fc.nat(999_999),
  length: fc.integer({ min: 1, max: 40 }),
  byte: fc.nat(255),
});

/** A hook whose bytes were changed in a few places. */
export function mutations(agent: boolean): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.tuple(textOf(agent), fc.array(edit, { minLength: 1, maxLength: 6 })).map(([text, edits]) => {
    let bytes: Uint8Array = Buffer.from(text);
    for (const { kind, at, length, byte } of edits) {
      const place = Math.floor((at / 1_000_000) * bytes.length);
      const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
      const telling = TELLING.subarray(byte % TELLING.length, (byte % TELLING.length) + 1);
      if (kind === 'flip') bytes = Buffer.concat([before, Uint8Array.of((after[0] ?? 0) ^ byte), after.subarray(1)]);
      else if (kind === 'insert') bytes = Buffer.concat([before, new Uint8Array(length).fill(byte), after]);
      else if (kind === 'telling') bytes = Buffer.concat([before, telling, after.subarray(1)]);
      else if (kind === 'delete') bytes = Buffer.concat([before, after.subarray(length)]);
      else if (kind === 'cut') bytes = before;
      else bytes = Buffer.concat([before, after.subarray(0, length), after]);
    }
    return Uint8Array.from(bytes);
  });
}
