import { SigningKeyError, VerifyingKeys } from '@iris/evidence';

/** The keys that may turn the switch, with their names. */
export interface AdminKeys {
  readonly verifying: VerifyingKeys;
  /** The name of a key by its id; the id for an unknown one. */
  nameOf(keyId: string): string;
}

/**
 * @param keys public keys by name: PEM, or its base64 without the lines around it
 * @throws SigningKeyError naming the entry
 */
export function adminKeys(keys: Readonly<Record<string, string>>): AdminKeys {
  const names = new Map<string, string>();
  const pems = Object.entries(keys).map(([name, text]) => {
    const pem = text.includes('-----')
      ? text
      : `-----BEGIN PUBLIC KEY-----\n${text.trim()}\n-----END PUBLIC KEY-----\n`;
    try {
      for (const id of new VerifyingKeys([pem]).ids) names.set(id, name);
    } catch (error) {
      if (error instanceof SigningKeyError) throw new SigningKeyError(`${name}: ${error.message}`);
      throw error;
    }
    return pem;
  });
  return { verifying: new VerifyingKeys(pems), nameOf: (keyId) => names.get(keyId) ?? keyId };
}
