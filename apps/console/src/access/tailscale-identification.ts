import { ConfigError, NetworkList } from '@iris/config';
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
  private readonly proxies: NetworkList;

  /** @throws ConfigError without proxies */
  constructor(
    trustedProxies: readonly string[],
    private readonly capability: string,
  ) {
    if (trustedProxies.length === 0) {
      throw new ConfigError(
        'configuration: access.trustedProxies (IRIS_ACCESS_TRUSTED_PROXIES) is empty, and access.methods has tailscale; accepted: addresses or networks such as 10.1.0.0/16, separated by commas',
      );
    }
    this.proxies = new NetworkList(trustedProxies);
  }

  async identify(request: FastifyRequest): Promise<Viewer | undefined> {
    if (!this.proxies.has(request.socket.remoteAddress)) return undefined;
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
