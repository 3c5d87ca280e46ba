import { validateHostHeader, validateOriginHeader } from '@modelcontextprotocol/server';

/**
 * Names by which the gateway may be addressed, or of pages that may use it: whole host names, and `*.domain` for the names
 * below a domain. The check protects from DNS rebinding, where a page has its own name resolve to this address.
 */
export class AllowedNames {
  private readonly names: string[];
  private readonly domains: string[];

  constructor(listed: readonly string[]) {
    this.names = listed.filter((name) => !name.startsWith('*.'));
    this.domains = listed.filter((name) => name.startsWith('*.')).map((name) => name.slice(1).toLowerCase());
  }

  allowsHost(header: string | undefined): boolean {
    return validateHostHeader(header, this.names).ok || this.isBelowDomain(`http://${header ?? ''}`);
  }

  /** A request without an origin is none of a page. */
  allowsOrigin(header: string | undefined): boolean {
    return validateOriginHeader(header, this.names).ok || this.isBelowDomain(header ?? '');
  }

  private isBelowDomain(url: string): boolean {
    const name = URL.parse(url)?.hostname;
    return name !== undefined && this.domains.some((domain) => name.endsWith(domain) && name.length > domain.length);
  }
}
