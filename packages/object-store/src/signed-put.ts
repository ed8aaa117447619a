import { PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { CopyCredentials, CopyPlace } from '@polyreel/core';
import { s3Client } from './s3-connection.js';

/** Seconds the link works: long enough to begin an upload, of no use to anybody later. */
const LINK_SECONDS = 900;

/** Compatible servers take any region they do not know; AWS and others name theirs in the host. */
const DEFAULT_REGION = 'us-east-1';

/** A link that writes one object of a foreign bucket. Made by arithmetic: nobody is asked. */
export async function signedPut(
  { endpoint, bucket, key }: CopyPlace,
  credentials: CopyCredentials,
): Promise<string> {
  const region = /^s3[.-]((?:[a-z]+-){2,3}\d+)\./.exec(new URL(endpoint).hostname)?.[1] ?? DEFAULT_REGION;
  const client = s3Client({ endpoint, region, bucket, forcePathStyle: true, ...credentials }, endpoint);
  try {
    const command = new PutObjectCommand({ Bucket: bucket, Key: key });
    return await getSignedUrl(client, command, { expiresIn: LINK_SECONDS });
  } finally {
    client.destroy();
  }
}
