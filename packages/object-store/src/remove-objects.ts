import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { within } from './s3-connection.js';

/** Milliseconds to list or delete one page of up to 1000 objects. */
const pageDeadline = 30_000;

/** Deletes everything whose key begins with the prefix, page by page. @throws Error naming what could not be deleted */
export async function removeObjects(client: S3Client, Bucket: string, Prefix: string): Promise<void> {
  let ContinuationToken: string | undefined;
  do {
    const list = new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken });
    const page = await within(pageDeadline, undefined, (abortSignal) => client.send(list, { abortSignal }));
    await removeKeys(
      client,
      Bucket,
      (page.Contents ?? []).flatMap(({ Key }) => Key ?? []),
    );
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken);
}

async function removeKeys(client: S3Client, Bucket: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
  const command = new DeleteObjectsCommand({ Bucket, Delete });
  const { Errors = [] } = await within(pageDeadline, undefined, (abortSignal) =>
    client.send(command, { abortSignal }),
  );
  const [first] = Errors;
  if (first) throw new Error(`${Errors.length} objects could not be deleted; ${first.Key}: ${first.Code}.`);
}
