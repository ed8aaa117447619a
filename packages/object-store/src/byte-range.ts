import type { ByteRange } from '@polyreel/core';

/** @throws RangeError unless 0 <= start <= end */
export function checkRange({ start, end }: ByteRange): void {
  const positions = end === undefined ? [start] : [start, end];
  if (
    positions.some((position) => !Number.isSafeInteger(position) || position < 0) ||
    start > (end ?? start)
  ) {
    throw new RangeError(`${start}-${end ?? ''} is not a range of bytes.`);
  }
}

export function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end ?? ''}`;
}

/** Size of the whole object by the Content-Range of a part of it. @throws Error when the server ignored the range */
export function totalBytes(contentRange: string | undefined): number {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(contentRange ?? '')?.[1];
  if (total === undefined) throw new Error('The object store ignored the range of a read.');
  return Number(total);
}
