import { BlockList, isIP } from 'node:net';
import { ConfigError } from '@iris/config';
import { ROLES, type Role } from '@iris/console-api';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiProblem } from '../http/api-problem.js';
import { decodeHeaderText } from './header-text.js';
import type { Identification } from './identify.js';
import { highestRole, type Viewer } from './viewer.js';

const LOGIN = 'tailscale-user-login';
const NAME = 'tailscale-user-name';
const CAPABILITIES = 'tailscale-app-capabilities';
/** Longest header that is read, in characters. */
const MAX_HEADER = 16_384;

const capabilitiesSchema = z.record(z.string(), z.array(z.unknown()));
const grantSchema = z.looseObject({ role: z.enum(ROLES) });

/**
 * Identity headers of `tailscale serve`, which removes those that a client sends. Another peer could send them too, so
 * they count from the addresses of trusted proxies only. The role is that of the app capability.
 * Source: https://tailscale.com/kb/1312/serve#identity-headers
 */
export class TailscaleIdentification implements Identification {
  private readonly proxies: BlockList;

  /** @throws ConfigError without proxies, or for an address of another form */
  constructor(
    trustedProxies: readonly string[],
    private readonly capability: string,
  ) {
    this.proxies = blockListOf(trustedProxies);
  }

  async identify(request: FastifyRequest): Promise<Viewer | undefined> {
    const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const family = isIP(address);
    if (family === 0 || !this.proxies.check(address, family === 6 ? 'ipv6' : 'ipv4')) return undefined;
    const login = oneHeader(request, LOGIN);
    if (login === undefined) return undefined;
    const role = this.roleOf(oneHeader(request, CAPABILITIES));
    if (role === undefined) {
      const title = `You have no role: ask for a grant of ${this.capability} with a role in the tailnet policy.`;
      throw new ApiProblem('no_role', title);
    }
    return { login, name: oneHeader(request, NAME), role, method: 'tailscale' };
  }

  /** Values of another form give no role: a grant that is not understood grants nothing. */
  private roleOf(header: string | undefined): Role | undefined {
    if (header === undefined) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(header);
    } catch {
      return undefined;
    }
    const parsed = capabilitiesSchema.safeParse(value);
    if (!parsed.success || !Object.hasOwn(parsed.data, this.capability)) return undefined;
    const grants = (parsed.data[this.capability] ?? []).map((grant) => grantSchema.safeParse(grant));
    return highestRole(grants.flatMap((grant) => (grant.success ? [grant.data.role] : [])));
  }
}

/** A header that is there once. Two are two opinions, so none counts. */
function oneHeader({ raw }: FastifyRequest, name: string): string | undefined {
  const values = raw.headersDistinct[name];
  const [value] = values ?? [];
  if (values?.length !== 1 || value === undefined || value.length > MAX_HEADER) return undefined;
  return decodeHeaderText(value).trim() || undefined;
}

function blockListOf(trustedProxies: readonly string[]): BlockList {
  const list = new BlockList();
  const fail = (shown: string) => {
    throw new ConfigError(
      `configuration: access.trustedProxies (IRIS_ACCESS_TRUSTED_PROXIES) ${shown}; accepted: IP addresses or networks separated by commas`,
    );
  };
  if (trustedProxies.length === 0) fail('is empty, and access.methods has tailscale');
  for (const proxy of trustedProxies) {
    const [address = '', prefix] = proxy.split('/');
    const family = isIP(address);
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
    if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 6 ? 128 : 32)) {
      fail(`has ${JSON.stringify(proxy)}`);
    }
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
