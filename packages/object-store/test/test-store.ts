import { S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import type { S3ObjectStoreSettings } from '../src/index.js';

/** The S3 server of the test run, with a bucket of this package's own. */
export function testSettings(changes: Partial<S3ObjectStoreSettings> = {}): S3ObjectStoreSettings {
  return { ...inject('s3'), bucket: 'object-store-tests', ...changes };
}

/** A plain client that looks at the bucket from outside. */
export function rawClient(): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = testSettings();
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
}
