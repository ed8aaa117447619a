import type { CopyCredentials, CopyPlace } from '../model/copy-place.js';

export interface CopyContent {
  readonly mediaType: string;
  /** Exact length. */
  readonly bytes: number;
  /** Opens the content from its beginning. */
  open(): AsyncIterable<Uint8Array>;
}

/** The one way into buckets of clients. Never follows redirects. */
export interface ForeignBuckets {
  /**
   * Writes one object and returns the status of the answer, whatever it is. `signal` ends it with the signal's reason.
   * @throws TaskError INVALID_INPUT (no URL we post to), INPUT_UNREACHABLE (private address, no answer in time...)
   */
  put(
    place: CopyPlace,
    credentials: CopyCredentials,
    content: CopyContent,
    signal: AbortSignal,
  ): Promise<number>;
}
