import type { ForeignBuckets } from '@polyreel/core';
import type { GuardedUpload } from '@polyreel/media';
import { signedPut } from '@polyreel/object-store';

/** Writes into buckets of clients through the one guarded way out: the SDK signs, and connects to nobody. */
export class PresignedBuckets implements ForeignBuckets {
  constructor(private readonly upload: Pick<GuardedUpload, 'put'>) {}

  readonly put: ForeignBuckets['put'] = async (place, credentials, content, signal) =>
    this.upload.put(await signedPut(place, credentials), content, signal);
}
