import { createHash } from 'node:crypto';
import {
  ObjectNotFoundError,
  type ByteRange,
  type LinkOptions,
  type ObjectContent,
  type ObjectFacts,
  type ObjectStore,
  type UploadOptions,
} from '@polyreel/core';

interface StoredObject {
  readonly facts: ObjectFacts;
  readonly bytes: Buffer;
}

/** Pieces in which `read` hands out content, in bytes; small, so that tests meet more than one. */
const pieceSize = 64 * 1024;

/** ObjectStore in a Map. Its links look like links but nobody serves them. */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  /** When set, every call rejects with it: the store is down. Uploads fail after the first piece. */
  failure?: Error;

  async upload(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options: UploadOptions,
  ): Promise<{ bytes: number; sha256: string }> {
    const pieces: Uint8Array[] = [];
    options.signal?.throwIfAborted();
    for await (const piece of content) {
      options.signal?.throwIfAborted();
      if (this.failure) throw this.failure;
      pieces.push(piece.slice());
    }
    options.signal?.throwIfAborted();
    if (this.failure) throw this.failure;
    return this.put(key, Buffer.concat(pieces), options.mediaType);
  }

  /** Stores an object at once, for the arrangement of a test. */
  put(key: string, content: Uint8Array, mediaType: string): { bytes: number; sha256: string } {
    const bytes = Buffer.from(content);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const facts = {
      bytes: bytes.length,
      mediaType,
      etag: `"${sha256.slice(0, 32)}"`,
      modifiedAt: new Date(),
    };
    this.#objects.set(key, { facts, bytes });
    return { bytes: bytes.length, sha256 };
  }

  async read(key: string, range?: ByteRange): Promise<ObjectContent> {
    const { facts, bytes } = this.#get(key);
    if (range && range.start >= bytes.length) {
      throw new RangeError(`Byte ${range.start} is past the end of ${key}.`);
    }
    const selected = range ? bytes.subarray(range.start, (range.end ?? bytes.length - 1) + 1) : bytes;
    return { facts, content: inPieces(selected) };
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    if (this.failure) throw this.failure;
    return this.#objects.get(key)?.facts;
  }

  async signedLink(key: string, options: LinkOptions): Promise<string> {
    if (!Number.isInteger(options.seconds) || options.seconds < 1 || options.seconds > 604_800) {
      throw new RangeError('A link is valid for 1 to 604800 seconds.');
    }
    const link = new URL(`http://${options.audience}.objects.invalid/${encodeURI(key)}`);
    link.searchParams.set('expires', String(options.seconds));
    link.searchParams.set('type', options.mediaType);
    link.searchParams.set('disposition', options.disposition);
    link.searchParams.set('name', options.fileName);
    return link.href;
  }

  async removePrefix(prefix: string): Promise<void> {
    if (this.failure) throw this.failure;
    if (prefix === '') throw new RangeError('An empty prefix would remove every object.');
    for (const key of this.#objects.keys()) if (key.startsWith(prefix)) this.#objects.delete(key);
  }

  /** Keys of all objects, in the order they were stored. */
  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  /** Content of an object. @throws ObjectNotFoundError */
  bytesOf(key: string): Buffer {
    return this.#get(key).bytes;
  }

  #get(key: string): StoredObject {
    if (this.failure) throw this.failure;
    const stored = this.#objects.get(key);
    if (!stored) throw new ObjectNotFoundError(key);
    return stored;
  }
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}
