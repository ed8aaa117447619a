/** Bytes with a key. Keys are made by us, never by clients. */
export interface ObjectStore {
  /**
   * Streams an object up in parts of bounded memory; an aborted or failed upload leaves nothing behind.
   * @throws what the content throws; the signal's reason; TaskError UPLOAD_FAILED when the store is the cause
   */
  upload(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options: UploadOptions,
  ): Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** @throws ObjectNotFoundError; RangeError when the range begins past the last byte */
  read(key: string, range?: ByteRange): Promise<ObjectContent>;
  /** Undefined when there is no such object. */
  head(key: string): Promise<ObjectFacts | undefined>;
  /** A link anybody can read for `seconds`, with content type and file name forced. */
  signedLink(key: string, options: LinkOptions): Promise<string>;
  /** Removes every object below the prefix. Removing nothing is fine. @throws RangeError when the prefix is empty */
  removePrefix(prefix: string): Promise<void>;
}

export interface UploadOptions {
  readonly mediaType: string;
  readonly signal?: AbortSignal;
}

/** Inclusive byte positions; absent end: to the last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface ObjectFacts {
  readonly bytes: number;
  readonly mediaType: string;
  /** As in the HTTP header, quotes included. */
  readonly etag: string;
  readonly modifiedAt: Date;
}

export interface ObjectContent {
  /** Facts of the whole object, also when a range was read. */
  readonly facts: ObjectFacts;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface LinkOptions {
  /** 1 to 604800 */
  readonly seconds: number;
  readonly mediaType: string;
  readonly fileName: string;
  readonly disposition: 'inline' | 'attachment';
  /** `internal`: for our own processes (prober); `public`: for clients. */
  readonly audience: 'public' | 'internal';
}

export class ObjectNotFoundError extends Error {
  constructor(key: string) {
    super(`There is no object ${key}.`);
    this.name = 'ObjectNotFoundError';
  }
}
