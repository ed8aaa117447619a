import type { Hash } from 'node:crypto';

/** Size of a part in bytes; S3 wants at least 5 MiB and takes 10,000 parts, so objects end at 78 GiB. */
export const partSize = 8 * 1024 * 1024;

export interface UploadPart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly last: boolean;
}

/** Cuts a stream into parts of `partSize`; the last may be smaller, or empty when the stream is. Feeds the hash. */
export async function* partsOf(content: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<UploadPart> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let number = 1;
  for await (const piece of content) {
    hash.update(piece);
    let rest = piece;
    // A full part is held back until more comes: only then it is not the last.
    while (held + rest.length > partSize) {
      const room = partSize - held;
      yield { number, bytes: Buffer.concat([...pieces, rest.subarray(0, room)]), last: false };
      number += 1;
      rest = rest.subarray(room);
      pieces = [];
      held = 0;
    }
    // A copy, because the source may use its buffer again.
    pieces.push(Uint8Array.from(rest));
    held += rest.length;
  }
  yield { number, bytes: Buffer.concat(pieces), last: true };
}
