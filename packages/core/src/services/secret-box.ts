import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const cipher = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Keeps secrets of clients unreadable while they lie in the database. */
export class SecretBox {
  /** @param keys 32 bytes each. The first one seals, all of them open: so a key can be replaced. Empty: cannot seal */
  constructor(private readonly keys: readonly Uint8Array[]) {
    if (keys.some(({ length }) => length !== KEY_BYTES)) throw new RangeError('A key has 32 bytes.');
  }

  get canSeal(): boolean {
    return this.keys.length > 0;
  }

  /** @param owner whom the secret belongs to; it opens for the same owner only */
  seal(secret: string, owner: string): string {
    const [key] = this.keys;
    if (!key) throw new Error('There is no key to seal with.');
    const nonce = randomBytes(NONCE_BYTES);
    const sealing = createCipheriv(cipher, key, nonce).setAAD(Buffer.from(owner));
    const content = Buffer.concat([sealing.update(secret, 'utf8'), sealing.final()]);
    return Buffer.concat([nonce, sealing.getAuthTag(), content]).toString('base64');
  }

  /** Undefined: no key of this box has sealed it for this owner, or it was changed. */
  open(sealed: string, owner: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    const content = bytes.subarray(NONCE_BYTES + TAG_BYTES);
    for (const key of this.keys) {
      const opening = createDecipheriv(cipher, key, nonce).setAAD(Buffer.from(owner)).setAuthTag(tag);
      try {
        return Buffer.concat([opening.update(content), opening.final()]).toString('utf8');
      } catch {
        // Sealed with another key, perhaps the next one.
      }
    }
    return undefined;
  }
}
