import type { JsonObject } from '../model/json.js';

/** Who a key belongs to and what it may do. */
export interface ApiKeyOwner {
  readonly tenant: string;
  readonly scopes: readonly string[];
  /** What the key's requests are answered with unless they say otherwise, such as `status_vocabulary`. */
  readonly settings: JsonObject;
}

/** Keys are stored as digests only. */
export interface ApiKeys {
  /** The owner of an unexpired key. @param sha256 lower-case hex digest of the whole key */
  findOwner(sha256: string): Promise<ApiKeyOwner | undefined>;
  /** Stores a new key of a tenant, which is created when needed. */
  add(key: {
    readonly sha256: string;
    readonly prefix: string;
    readonly tenant: string;
    readonly scopes: readonly string[];
    readonly expiresAt?: Date;
    readonly settings?: JsonObject;
  }): Promise<void>;
}
