import { S3Client } from '@aws-sdk/client-s3';
import type { S3ObjectStoreSettings } from './s3-object-store-settings.js';

/** A client of the bucket at one of its two addresses. */
export function s3Client(settings: S3ObjectStoreSettings, endpoint: string): S3Client {
  const { region, accessKeyId, secretAccessKey, forcePathStyle } = settings;
  return new S3Client({
    endpoint,
    region,
    forcePathStyle,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000 },
    // The newer default adds trailers many compatible servers do not know, and parameters to signed links.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/**
 * Runs `call` with a signal that fires after `milliseconds` or together with
 * `signal`. Covers all tries of the SDK, but not the body of an answer.
 */
export async function within<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const late = new Error(`The object store did not answer within ${milliseconds} ms.`);
  const timer = setTimeout(() => controller.abort(late), milliseconds);
  const onAbort = () => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await call(controller.signal);
  } catch (error) {
    // The SDK's own AbortError does not say why.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
