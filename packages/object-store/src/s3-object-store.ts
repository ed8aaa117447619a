import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadBucketCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import {
  ObjectNotFoundError,
  type ByteRange,
  type LinkOptions,
  type ObjectContent,
  type ObjectFacts,
  type ObjectStore,
  type UploadOptions,
} from '@polyreel/core';
import { addLifecycleRule, createMissingBucket } from './bucket-setup.js';
import { contentDisposition } from './content-disposition.js';
import { errorName, errorStatus } from './error-name.js';
import { checkRange, rangeHeader, totalBytes } from './byte-range.js';
import { removeObjects } from './remove-objects.js';
import { s3Client, within } from './s3-connection.js';
import type { S3ObjectStoreSettings } from './s3-object-store-settings.js';
import { S3Upload } from './s3-upload.js';
import { watchedBody } from './watched-body.js';

/** Milliseconds a request of a client may wait for the store, all tries together. */
const answerDeadline = 10_000;

/** One bucket of an S3 server. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #publicClient: S3Client;
  readonly #bucket: string;

  constructor(private readonly settings: S3ObjectStoreSettings) {
    this.#bucket = settings.bucket;
    this.#client = s3Client(settings, settings.endpoint);
    // The host is part of the signature, so public links need a client of their own.
    this.#publicClient = s3Client(settings, settings.publicEndpoint ?? settings.endpoint);
  }

  /** @throws what the content throws, the signal's reason, or TaskError UPLOAD_FAILED */
  upload(
    key: string,
    content: AsyncIterable<Uint8Array>,
    { mediaType, signal }: UploadOptions,
  ): Promise<{ bytes: number; sha256: string }> {
    const target = { Bucket: this.#bucket, Key: key };
    return new S3Upload(this.#client, target, mediaType).run(content, signal);
  }

  /** @throws ObjectNotFoundError; RangeError when the range begins past the last byte */
  async read(key: string, range?: ByteRange): Promise<ObjectContent> {
    if (range) checkRange(range);
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Range: range && rangeHeader(range),
    });
    try {
      const answer = await within(answerDeadline, undefined, (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      const bytes = range ? totalBytes(answer.ContentRange) : answer.ContentLength;
      return {
        facts: factsOf({ ...answer, ContentLength: bytes }),
        content: watchedBody(answer.Body as Readable),
      };
    } catch (error) {
      if (errorName(error) === 'NoSuchKey') throw new ObjectNotFoundError(key);
      if (errorStatus(error) === 416) {
        throw new RangeError(`Byte ${range?.start} is past the end of ${key}.`, { cause: error });
      }
      throw error;
    }
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
    try {
      return factsOf(
        await within(answerDeadline, undefined, (abortSignal) => this.#client.send(command, { abortSignal })),
      );
    } catch (error) {
      if (errorStatus(error) === 404) return undefined;
      throw error;
    }
  }

  /** Signing is arithmetic: no request is made and the object need not exist. */
  async signedLink(key: string, options: LinkOptions): Promise<string> {
    const { seconds, mediaType, fileName, disposition, audience } = options;
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > 604_800) {
      throw new RangeError('A link is valid for 1 to 604800 seconds.');
    }
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      ResponseContentType: mediaType,
      ResponseContentDisposition: contentDisposition(disposition, fileName),
    });
    const client = audience === 'public' ? this.#publicClient : this.#client;
    return getSignedUrl(client, command, { expiresIn: seconds });
  }

  async removePrefix(prefix: string): Promise<void> {
    if (prefix === '') throw new RangeError('An empty prefix would remove every object.');
    await removeObjects(this.#client, this.#bucket, prefix);
  }

  /**
   * Creates the bucket when it is missing and lets the server remove the parts of dead uploads.
   * @param notice told when the server has no lifecycle rules
   */
  async ensureBucket(notice: (text: string) => void): Promise<void> {
    await createMissingBucket(this.#client, this.#bucket, this.settings.region);
    if (!(await addLifecycleRule(this.#client, this.#bucket))) {
      notice('The object store has no lifecycle rules; parts of uploads whose process died are not removed.');
    }
  }

  /** @throws Error when the bucket does not answer within 3 seconds */
  async ping(): Promise<void> {
    const command = new HeadBucketCommand({ Bucket: this.#bucket });
    await within(3_000, undefined, (abortSignal) => this.#client.send(command, { abortSignal }));
  }

  close(): void {
    this.#client.destroy();
    this.#publicClient.destroy();
  }
}

interface FactsAnswer {
  readonly ContentLength?: number | undefined;
  readonly ContentType?: string | undefined;
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
}

function factsOf(answer: FactsAnswer): ObjectFacts {
  return {
    bytes: answer.ContentLength ?? 0,
    mediaType: answer.ContentType ?? 'application/octet-stream',
    etag: answer.ETag ?? '',
    modifiedAt: answer.LastModified ?? new Date(0),
  };
}
