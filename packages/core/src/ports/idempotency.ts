/** By what a create is known again when its client sends it twice. */
export interface IdempotencyKey {
  /** The client's text. Counts for one tenant and one route. */
  readonly key: string;
  /** Path of the create, without query. */
  readonly route: string;
}

/** A key together with what was asked for under it. */
export interface IdempotencyRecord extends IdempotencyKey {
  /** SHA-256 of the request, 64 hex digits. */
  readonly fingerprint: string;
  /** Seconds the key counts, from the creation of its task; it ends earlier when the task is deleted. */
  readonly keepSeconds: number;
}

/** The key already stands for another request; nothing was written. */
export class IdempotencyKeyReusedError extends Error {
  constructor(readonly key: string) {
    super('This idempotency key was already used for another request. Use a new key for a new request.');
    this.name = 'IdempotencyKeyReusedError';
  }
}
