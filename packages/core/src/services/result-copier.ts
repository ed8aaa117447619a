import type { Asset } from '../model/asset.js';
import { copyPlaceOf, type CopyCredentials, type CopyPlace } from '../model/copy-place.js';
import { TaskError } from '../model/task-error.js';
import type { Task } from '../model/task.js';
import type { ForeignBuckets } from '../ports/foreign-buckets.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { SecretBox } from './secret-box.js';

/** Tries in all; a result that took minutes is worth more than one. */
const TRIES = 3;

/** What became of the wish for a copy. */
export interface CopyOutcome {
  /** Where the copy lies. Absent: there is none. */
  readonly copy?: Asset;
  /** For the client: why there is no copy. Names neither the address nor the answer. */
  readonly note?: string;
}

export interface ResultCopierPorts {
  readonly objects: Pick<ObjectStore, 'read'>;
  readonly buckets: ForeignBuckets;
  readonly secrets: SecretBox;
}

/** Copies results into the buckets of clients that asked for it. */
export class ResultCopier {
  /** @param pauseMilliseconds before the second try; twice as long before the third */
  constructor(
    private readonly ports: ResultCopierPorts,
    private readonly pauseMilliseconds = 1_000,
  ) {}

  /**
   * Never fails the task: the result is stored and can be had by its link.
   * @throws the signal's reason only
   */
  async copy(task: Task, result: Asset, signal: AbortSignal): Promise<CopyOutcome> {
    const place = copyPlaceOf(task);
    if (!place) return {};
    const credentials = this.credentialsOf(task);
    if (!credentials) return { note: failure('this server no longer has the credentials') };
    let reason = '';
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await pause(this.pauseMilliseconds * attempt, signal);
      try {
        const status = await this.put(place, credentials, result, signal);
        if (status >= 200 && status <= 299) return { copy: copyOf(place, result) };
        reason = `it answered ${status}`;
        if (status < 500 && status !== 429) break;
      } catch (error) {
        signal.throwIfAborted();
        reason = error instanceof TaskError ? lowered(error.message) : 'it could not be reached';
        if (error instanceof TaskError && error.code === 'INVALID_INPUT') break;
      }
    }
    return { note: failure(reason) };
  }

  private put(
    place: CopyPlace,
    credentials: CopyCredentials,
    { objectKey, mediaType, bytes }: Asset,
    signal: AbortSignal,
  ): Promise<number> {
    const { objects, buckets } = this.ports;
    const content = {
      mediaType: mediaType!,
      bytes: bytes!,
      async *open() {
        yield* (await objects.read(objectKey!)).content;
      },
    };
    return buckets.put(place, credentials, content, signal);
  }

  private credentialsOf({ sealedSecrets, tenant, publicId }: Task): CopyCredentials | undefined {
    const opened = sealedSecrets && this.ports.secrets.open(sealedSecrets, secretsOwner(tenant, publicId));
    return opened ? (JSON.parse(opened) as CopyCredentials) : undefined;
  }
}

/** For whom the secrets of a task are sealed. */
export function secretsOwner(tenant: string, publicId: string): string {
  return JSON.stringify([tenant, publicId]);
}

function copyOf({ endpoint, bucket, key }: CopyPlace, { mediaType, bytes, sha256 }: Asset): Asset {
  const path = [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
  const sourceUrl = `${endpoint.replace(/\/+$/, '')}/${path}`;
  return { role: 'copy', sourceUrl, mediaType, bytes, sha256 } as Asset;
}

function failure(reason: string): string {
  return `The result was not copied into the bucket of s3Config: ${reason.replace(/\.$/, '')}.`;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
