import type { JsonObject } from './json.js';
import type { Task } from './task.js';

/** Where in a bucket of the client's a copy of the result goes. Holds no secrets. */
export interface CopyPlace {
  /** `http(s)://host[:port]` of an S3 server. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Key of the object. Empty or with / at the end: the folder of `<public id>.mp4`. */
  readonly key: string;
}

/** What is kept sealed with the task. */
export interface CopyCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How a dialect remembers the wish for a copy. */
export function copyExtras({ endpoint, bucket, key }: CopyPlace): JsonObject {
  return { copy_to: { endpoint, bucket, key } };
}

/** Undefined: nobody wished a copy. */
export function copyPlaceOf({ extras, publicId }: Pick<Task, 'extras' | 'publicId'>): CopyPlace | undefined {
  const wished = extras.copy_to as CopyPlace | undefined;
  if (!wished || !/(^|\/)$/.test(wished.key)) return wished;
  return { ...wished, key: `${wished.key}${publicId}.mp4` };
}
