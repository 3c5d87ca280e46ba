import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** An Ed25519 key that signs, with the id that readers find its public part by. */
export interface SigningKey {
  readonly id: string;
  /** @returns the signature in base64url (RFC 8032) */
  sign(purpose: SigningPurpose, text: string): string;
}

/** A signature for one purpose is none for another. */
export type SigningPurpose = 'iris.evidence.head.v1' | 'iris.evidence.erasure.v1' | 'iris.break-glass.v1';

/** The key cannot be used. The message names the accepted form in one line and never shows the key. */
export class SigningKeyError extends Error {
  override readonly name = 'SigningKeyError';
}

/** @param pem PKCS #8 in PEM, as `openssl genpkey -algorithm ed25519` writes it @throws SigningKeyError */
export function signingKey(pem: string): SigningKey {
  const key = keyOf(() => createPrivateKey(pem), 'an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519)');
  return {
    id: idOf(createPublicKey(key)),
    sign: (purpose, text) => sign(null, Buffer.from(`${purpose}\n${text}`), key).toString('base64url'),
  };
}

/** Public keys by their ids. */
export class VerifyingKeys {
  private readonly keys = new Map<string, KeyObject>();

  /** @param pems SPKI in PEM, as `openssl pkey -pubout` writes it @throws SigningKeyError */
  constructor(pems: readonly string[]) {
    for (const pem of pems) {
      const key = keyOf(() => createPublicKey(pem), 'an Ed25519 public key in PEM (openssl pkey -pubout)');
      this.keys.set(idOf(key), key);
    }
  }

  get ids(): readonly string[] {
    return [...this.keys.keys()];
  }

  verify(
    purpose: SigningPurpose,
    text: string,
    signature: { readonly key?: string; readonly signature?: string },
  ): boolean {
    const key = this.keys.get(signature.key ?? '');
    if (key === undefined || signature.signature === undefined) return false;
    const bytes = Buffer.from(signature.signature, 'base64url');
    // The last character holds bits that decoding ignores; another text for one signature is a change.
    if (bytes.toString('base64url') !== signature.signature) return false;
    return verify(null, Buffer.from(`${purpose}\n${text}`), key, bytes);
  }
}

function keyOf(read: () => KeyObject, form: string): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    throw new SigningKeyError(`the key must be ${form}`);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new SigningKeyError(`the key must be ${form}`);
  return key;
}

function idOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}
