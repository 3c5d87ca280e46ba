import { EncryptJWT, jwtDecrypt } from 'jose';
import type { z } from 'zod';

/** A cookie whose content only the console can read and make: an encrypted token that ends by itself (RFC 7516). */
export class SealedCookie<T extends Record<string, unknown>> {
  constructor(
    /** Purpose, so that a cookie of one kind is none of another. */
    private readonly purpose: string,
    private readonly key: Buffer,
    private readonly schema: z.ZodType<T>,
    readonly maxSeconds: number,
  ) {}

  seal(content: T): Promise<string> {
    return new EncryptJWT(content)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(this.purpose)
      .setIssuedAt()
      .setExpirationTime(`${this.maxSeconds}s`)
      .encrypt(this.key);
  }

  /** @returns undefined for what this console did not make, or whose time is over */
  async open(cookie: string | undefined): Promise<T | undefined> {
    if (cookie === undefined) return undefined;
    try {
      const { payload } = await jwtDecrypt(cookie, this.key, {
        audience: this.purpose,
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        requiredClaims: ['exp'],
      });
      const parsed = this.schema.safeParse(payload);
      return parsed.success ? parsed.data : undefined;
    } catch {
      return undefined;
    }
  }
}
