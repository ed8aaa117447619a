import type { ByteRange } from '@polyreel/core';

/** A satisfiable range, `all` when the header is absent or not understood, `none` when it lies outside. */
export type RequestedRange = { readonly start: number; readonly end: number } | 'all' | 'none';

/** Reads a Range header with one range (RFC 9110); several ranges are answered with the whole, which is allowed. */
export function parseRange(header: string | undefined, size: number): RequestedRange {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return 'all';
  const range: ByteRange =
    match[1] === ''
      ? { start: Math.max(0, size - Number(match[2])), end: size - 1 }
      : { start: Number(match[1]), ...(match[2] !== '' && { end: Number(match[2]) }) };
  const end = Math.min(range.end ?? size - 1, size - 1);
  if (range.start >= size || end < range.start || (match[1] === '' && Number(match[2]) === 0)) return 'none';
  return { start: range.start, end };
}
