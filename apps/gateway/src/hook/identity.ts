import { type HookCallData, type Identity, isJsonObject } from '@iris/contracts';

/** What Aperture reports as the login of every tagged node. */
const TAGGED_DEVICES = 'tagged-devices';

/**
 * The principal of a hook. A tagged node is identified by its stable node id, because all tagged nodes share one
 * login name and none of them is a person. A login that lists tags is such a node too.
 */
export function identify(data: HookCallData): Identity {
  const loginName = data.metadata.login_name?.trim() ?? '';
  const nodeId = data.metadata.stable_node_id?.trim() || undefined;
  const common = {
    nodeId,
    tailnet: data.metadata.tailnet_name?.trim() || undefined,
    capabilities: isJsonObject(data.metadata.grants) ? data.metadata.grants : undefined,
  };
  const tagged = loginName === TAGGED_DEVICES || /^tag:/.test(loginName);
  if (loginName !== '' && !tagged) return { kind: 'user', id: loginName, loginName, ...common };
  if (nodeId !== undefined && tagged) return { kind: 'tagged-device', id: nodeId, ...common };
  return { kind: 'anonymous', id: 'anonymous', ...common };
}
