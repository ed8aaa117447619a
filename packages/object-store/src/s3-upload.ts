import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { orAborted, TaskError } from '@polyreel/core';
import { within } from './s3-connection.js';
import { partsOf, type UploadPart } from './upload-parts.js';

export interface UploadTarget {
  readonly Bucket: string;
  readonly Key: string;
}

/** Milliseconds for one part with all tries: 8 MiB at 0.5 Mbit/s. */
const partDeadline = 150_000;
/** Milliseconds to begin, complete or abort. */
const stepDeadline = 30_000;
/** Parts on their way at the same time; a third is being filled, so an upload holds about 24 MiB at most. */
const maxInFlight = 2;

/**
 * One upload: a single request when one part is enough, a multipart upload
 * otherwise. Written here rather than taken from the SDK's library, which
 * neither waits for its clean-up nor notices an abort while the source is silent.
 */
export class S3Upload {
  readonly #hash = createHash('sha256');
  readonly #stop = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #completed: CompletedPart[] = [];
  #uploadId: string | undefined;
  #bytes = 0;

  constructor(
    private readonly client: S3Client,
    private readonly target: UploadTarget,
    private readonly mediaType: string,
  ) {}

  /** @throws what the content throws, the signal's reason, or TaskError UPLOAD_FAILED */
  async run(
    content: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<{ bytes: number; sha256: string }> {
    const onAbort = () => this.#stop.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.#stop.signal.throwIfAborted();
      await this.#sendParts(content);
      await this.#complete();
      return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
    } catch (error) {
      this.#stop.abort(error);
      await this.#discard();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #sendParts(content: AsyncIterable<Uint8Array>): Promise<void> {
    const source = content[Symbol.asyncIterator]();
    const parts = partsOf({ [Symbol.asyncIterator]: () => source }, this.#hash);
    try {
      for (;;) {
        const { value: part, done } = await orAborted(parts.next(), this.#stop.signal);
        if (done) return;
        await this.#send(part);
      }
    } catch (error) {
      // Not through `parts`, which would wait for a source that is silent; and not awaited for the same reason.
      source.return?.().catch(() => {});
      throw error;
    }
  }

  async #send(part: UploadPart): Promise<void> {
    this.#bytes += part.bytes.length;
    if (part.last && part.number === 1) {
      return this.#request(partDeadline, (options) =>
        this.client.send(
          new PutObjectCommand({ ...this.target, ContentType: this.mediaType, Body: part.bytes }),
          options,
        ),
      ).then(() => undefined);
    }
    this.#uploadId ??= await this.#begin();
    while (this.#inFlight.size >= maxInFlight) {
      await orAborted(Promise.race(this.#inFlight), this.#stop.signal);
    }
    const sending = this.#sendPart(part)
      .catch((error: unknown) => this.#stop.abort(error))
      .finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  async #begin(): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...this.target, ContentType: this.mediaType });
    const { UploadId } = await this.#request(stepDeadline, (options) => this.client.send(command, options));
    if (!UploadId) throw new TaskError('UPLOAD_FAILED');
    return UploadId;
  }

  async #sendPart(part: UploadPart): Promise<void> {
    const command = new UploadPartCommand({
      ...this.target,
      UploadId: this.#uploadId,
      PartNumber: part.number,
      Body: part.bytes,
    });
    const { ETag } = await this.#request(partDeadline, (options) => this.client.send(command, options));
    this.#completed.push({ ETag, PartNumber: part.number });
  }

  async #complete(): Promise<void> {
    await Promise.all(this.#inFlight);
    this.#stop.signal.throwIfAborted();
    if (!this.#uploadId) return;
    const Parts = this.#completed.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    const command = new CompleteMultipartUploadCommand({
      ...this.target,
      UploadId: this.#uploadId,
      MultipartUpload: { Parts },
    });
    await this.#request(stepDeadline, (options) => this.client.send(command, options));
  }

  /** Removes the parts that were sent. What cannot be removed now is left to the bucket's lifecycle rule. */
  async #discard(): Promise<void> {
    // A part that arrives after the abort would stay for ever.
    await Promise.all(this.#inFlight);
    if (!this.#uploadId) return;
    const command = new AbortMultipartUploadCommand({ ...this.target, UploadId: this.#uploadId });
    await within(stepDeadline, undefined, (abortSignal) => this.client.send(command, { abortSignal })).catch(
      () => {},
    );
  }

  async #request<T>(
    deadline: number,
    call: (options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    try {
      return await within(deadline, this.#stop.signal, (abortSignal) => call({ abortSignal }));
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      throw new TaskError('UPLOAD_FAILED', undefined, { cause: error });
    }
  }
}
