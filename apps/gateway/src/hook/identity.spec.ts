import { hookCallDataSchema } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { identify } from './identity.js';

const identityOf = (metadata: object) => identify(hookCallDataSchema.parse({ metadata }));

describe('identify', () => {
  it.each([
    [
      { login_name: ' ana@example.com ', stable_node_id: 'n1' },
      { kind: 'user', id: 'ana@example.com', nodeId: 'n1' },
    ],
    [
      { login_name: 'tagged-devices', stable_node_id: ' n1 ' },
      { kind: 'tagged-device', id: 'n1', nodeId: 'n1' },
    ],
    [
      { login_name: 'tag:ci', stable_node_id: 'n1' },
      { kind: 'tagged-device', id: 'n1' },
    ],
    [
      { login_name: 'tag:ci,tag:prod', stable_node_id: 'n2' },
      { kind: 'tagged-device', id: 'n2' },
    ],
    [{ login_name: 'tagged-devices' }, { kind: 'anonymous', id: 'anonymous' }],
    [
      { login_name: '', stable_node_id: 'n1' },
      { kind: 'anonymous', id: 'anonymous' },
    ],
    [
      { login_name: ' ', stable_node_id: ' ' },
      { kind: 'anonymous', id: 'anonymous' },
    ],
    [{}, { kind: 'anonymous', id: 'anonymous' }],
    [{ login_name: 'no-at-sign' }, { kind: 'user', id: 'no-at-sign' }],
  ])('%j is %j', (metadata, identity) => {
    expect(identityOf(metadata)).toMatchObject(identity);
  });

  it('keeps the capabilities that the tailnet grants', () => {
    const grants = { 'example.com/cap/x': [{ a: 1 }] };
    expect(identityOf({ login_name: 'a@b', grants }).capabilities).toEqual(grants);
    expect(identityOf({ login_name: 'a@b', grants: null }).capabilities).toBeUndefined();
  });

  it('never makes a person of a tagged device, nor anybody of nobody', () => {
    fc.assert(
      fc.property(fc.constantFrom('', ' ', 'tagged-devices', 'tag:x'), fc.string(), (login_name, stable_node_id) => {
        const identity = identityOf({ login_name, stable_node_id });
        expect(identity.kind).not.toBe('user');
        expect(identity.loginName).toBeUndefined();
        expect(identity.id).not.toBe('');
      }),
    );
  });
});
