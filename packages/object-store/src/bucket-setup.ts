import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  type BucketLocationConstraint,
  type LifecycleRule,
  type S3Client,
} from '@aws-sdk/client-s3';
import { errorName, errorStatus } from './error-name.js';
import { within } from './s3-connection.js';

const deadline = 15_000;

/**
 * Removes the parts of uploads whose process died before it could abort them. Not earlier: the upload of a long video
 * begins with its first chunk and goes on until the last one is made.
 */
const incompleteUploads: LifecycleRule = {
  ID: 'polyreel-incomplete-uploads',
  Status: 'Enabled',
  Filter: { Prefix: '' },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
};

/**
 * What servers without lifecycle rules answer. The second kind overlooks the
 * sub-resource and takes the request for the creation of the bucket.
 */
const lifecycleUnknown: ReadonlySet<string> = new Set([
  'NotImplemented',
  'BucketAlreadyExists',
  'BucketAlreadyOwnedByYou',
]);

/** Creates the bucket when it is missing. Safe when several processes do it at once. */
export async function createMissingBucket(client: S3Client, Bucket: string, region: string): Promise<void> {
  if (await isThere(client, Bucket)) return;
  // S3 refuses its oldest region as a constraint, and every other one without.
  const CreateBucketConfiguration =
    region === 'us-east-1' ? undefined : { LocationConstraint: region as BucketLocationConstraint };
  const command = new CreateBucketCommand({ Bucket, CreateBucketConfiguration });
  try {
    await within(deadline, undefined, (abortSignal) => client.send(command, { abortSignal }));
  } catch (error) {
    // Another process was faster; or the name belongs to somebody else, and looking again fails.
    if (errorStatus(error) !== 409 || !(await isThere(client, Bucket))) throw error;
  }
}

async function isThere(client: S3Client, Bucket: string): Promise<boolean> {
  const command = new HeadBucketCommand({ Bucket });
  try {
    await within(deadline, undefined, (abortSignal) => client.send(command, { abortSignal }));
    return true;
  } catch (error) {
    if (errorStatus(error) === 404) return false;
    throw error;
  }
}

/** Adds our lifecycle rule to those that are there. False when the server has no lifecycle rules. */
export async function addLifecycleRule(client: S3Client, Bucket: string): Promise<boolean> {
  try {
    const rules = await lifecycleRules(client, Bucket);
    if (rules.some((rule) => rule.Status === 'Enabled' && rule.AbortIncompleteMultipartUpload)) return true;
    const command = new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: { Rules: [...rules, incompleteUploads] },
    });
    await within(deadline, undefined, (abortSignal) => client.send(command, { abortSignal }));
    return true;
  } catch (error) {
    if (lifecycleUnknown.has(errorName(error) ?? '') || errorStatus(error) === 501) return false;
    throw error;
  }
}

async function lifecycleRules(client: S3Client, Bucket: string): Promise<LifecycleRule[]> {
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket });
    const { Rules } = await within(deadline, undefined, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    return Rules ?? [];
  } catch (error) {
    if (errorName(error) === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}
