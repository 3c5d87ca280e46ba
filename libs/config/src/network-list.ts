import { BlockList, isIP } from 'node:net';

/** Addresses and networks, such as `127.0.0.1` and `10.1.0.0/16`. */
export class NetworkList {
  private readonly list = new BlockList();

  /** @throws RangeError for a text that is neither an address nor a network */
  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const [address = '', bits, ...more] = text.split('/');
      const family = isIP(address);
      const longest = family === 6 ? 128 : 32;
      const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
      if (family === 0 || more.length > 0 || !(prefix <= longest)) {
        throw new RangeError(`${JSON.stringify(text)} is neither an address nor a network`);
      }
      this.list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
    }
  }

  /** @param address of a socket; false for undefined and for what is no address */
  has(address: string | undefined): boolean {
    // A socket that listens on all IPv6 addresses reports IPv4 ones in their mapped form (RFC 4291, 2.5.5.2).
    const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }
}

export function isNetwork(text: string): boolean {
  try {
    return new NetworkList([text]) !== undefined;
  } catch {
    return false;
  }
}
