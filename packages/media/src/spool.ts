import { TaskError } from '@polyreel/core';
import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { describeBytes } from './media-limits.js';
import { sniffLength } from './sniff.js';

const namePattern = /^media-[0-9a-f-]{36}$/;
const creation = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
const staleAfterMilliseconds = 24 * 60 * 60 * 1000;

export interface SpoolOptions {
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  /** Called once with the first bytes; may throw to refuse a file before the rest of it arrives. */
  onHead(head: Uint8Array): void;
}

/** A private temporary file; the one who got it removes it. */
export class SpooledFile {
  private removed = false;

  constructor(
    readonly path: string,
    readonly bytes: number,
    /** Hex digest. */
    readonly sha256: string,
  ) {}

  async *read(): AsyncGenerator<Uint8Array> {
    if (this.removed) throw new Error('This input was discarded.');
    yield* createReadStream(this.path);
  }

  async remove(): Promise<void> {
    this.removed = true;
    await rm(this.path, { force: true });
  }
}

/** Folder of temporary files that only this user can read, under names made here. */
export class Spool {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  /** Streams to a new file. Nothing is left behind when it throws. */
  async write(
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: SpoolOptions,
  ): Promise<SpooledFile> {
    options.signal?.throwIfAborted();
    await this.prepare();
    const path = join(this.folder, `media-${randomUUID()}`);
    const file = await open(path, creation, 0o600);
    try {
      const { bytes, sha256 } = await copy(content, file, options);
      await file.close();
      return new SpooledFile(path, bytes, sha256);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(path, { force: true });
      throw error;
    }
  }

  /** An empty file for a program that writes by itself; bytes and digest are not told. */
  async reserve(): Promise<SpooledFile> {
    await this.prepare();
    const path = join(this.folder, `media-${randomUUID()}`);
    await (await open(path, creation, 0o600)).close();
    return new SpooledFile(path, 0, '');
  }

  /** Removes what a killed process left behind more than a day ago. */
  async clean(): Promise<void> {
    await this.prepare();
    for (const name of await readdir(this.folder)) {
      if (!namePattern.test(name)) continue;
      const path = join(this.folder, name);
      // Another process may clean at the same time.
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > staleAfterMilliseconds)
        await rm(path, { force: true });
    }
  }

  /** The folder may lie in a shared one such as /tmp, where somebody else could have made it first. */
  private async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const found = await lstat(this.folder);
    if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
      throw new Error('The spool folder must be a folder owned by the user that runs the server.');
    }
    if ((found.mode & 0o077) !== 0) await chmod(this.folder, 0o700);
  }
}

async function copy(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  file: FileHandle,
  options: SpoolOptions,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const head = Buffer.alloc(sniffLength);
  let bytes = 0;
  for await (const chunk of abortable(content, options.signal)) {
    if (bytes < sniffLength) head.set(chunk.subarray(0, sniffLength - bytes), bytes);
    const headWasWhole = bytes >= sniffLength;
    bytes += chunk.length;
    if (bytes > options.maxBytes) {
      throw new TaskError('INPUT_TOO_LARGE', `The file is larger than ${describeBytes(options.maxBytes)}.`);
    }
    if (!headWasWhole && bytes >= sniffLength) options.onHead(head);
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  if (bytes < sniffLength) options.onHead(head.subarray(0, bytes));
  return { bytes, sha256: hash.digest('hex') };
}

/** Ends a source that hangs in the middle when the signal is aborted; a plain `for await` would wait for it. */
async function* abortable(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (signal === undefined) return yield* content;
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const source =
    Symbol.asyncIterator in content ? content[Symbol.asyncIterator]() : content[Symbol.iterator]();
  let finished = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await Promise.race([source.next(), aborted.promise]);
      if (next.done === true) {
        finished = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    // Not awaited: a generator that hangs in `next` answers `return` only after it. A stream can be ended at once.
    if (!finished && content instanceof Readable) content.destroy();
    if (!finished) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
