import type { FileHandle } from 'node:fs/promises';

/** Bytes read at a time: to look through, and to step from box to box. */
const pieceLength = 1_048_576;
const headsLength = 4_096;
/** Of a box with a 64-bit length. */
const longestHeader = 16;
/** A movie of many short fragments has some hundred thousand; a file of empty boxes must not keep us busy. */
const mostBoxes = 1_000_000;
/** Honest files have one table a track, with one entry. */
const mostTables = 1_000;
const mostEntries = 100;
const selfContained = 1;
/** Up to here FFmpeg takes an alias for an empty one, whatever its flags say. */
const longestEmptyAlias = 150;

interface Span {
  /** Bytes from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

/**
 * Whether an ISO media file (MP4, QuickTime, 3GP...) names another file or URL as the place of its samples (`dref`
 * entries that are not self-contained). Such a file could make a reader open local files.
 *
 * Readers find such names also where they do not belong: in a track beside the movie, in a second movie, in boxes for
 * something else. So they are looked for in every byte but the samples themselves. A compressed movie (`cmov`), which
 * nobody has written for decades, would hide them and counts as one.
 */
export async function hasExternalReferences(file: FileHandle, size: number): Promise<boolean> {
  let looked = 0;
  for await (const { start, end } of spansBesideSamples(file, size)) {
    for (let at = start; at < end; at += pieceLength) {
      // A word at the border of two pieces is whole in the first.
      const piece = await readAt(file, at, Math.min(pieceLength + longestHeader, end - at));
      if (hidesMovie(piece)) return true;
      for (let word = piece.indexOf('dref'); word >= 0; word = piece.indexOf('dref', word + 1)) {
        if (++looked > mostTables || (await namesOtherFile(file, at + word))) return true;
      }
    }
  }
  return false;
}

/** Everything but `mdat` boxes; what follows a broken box counts as well. */
async function* spansBesideSamples(file: FileHandle, size: number): AsyncGenerator<Span> {
  let start = 0;
  let boxes = 0;
  let heads: Buffer = Buffer.alloc(0);
  let headsAt = 0;
  for (let at = 0; at + 8 <= size && ++boxes <= mostBoxes;) {
    if (at + longestHeader > headsAt + heads.length) {
      heads = await readAt(file, at, headsLength);
      headsAt = at;
    }
    const head = heads.subarray(at - headsAt, at - headsAt + longestHeader);
    const length = lengthOf(head, size - at);
    if (length === undefined) break;
    if (head.toString('latin1', 4, 8) === 'mdat') {
      if (at > start) yield { start, end: at };
      start = at + length;
    }
    at += length;
  }
  if (start < size) yield { start, end: size };
}

/** @param room bytes to the end of the file. Undefined: the box is broken */
function lengthOf(head: Buffer, room: number): number | undefined {
  if (head.length < 8) return undefined;
  const stated = head.readUInt32BE(0);
  if (stated === 0) return room; // to the end of the file
  if (stated !== 1) return stated < 8 ? undefined : stated;
  const long = head.length < longestHeader ? 0 : Number(head.readBigUInt64BE(8));
  return long < longestHeader ? undefined : long;
}

function hidesMovie(piece: Buffer): boolean {
  for (let word = piece.indexOf('cmov'); word >= 0; word = piece.indexOf('cmov', word + 1))
    if (piece.toString('latin1', word + 8, word + 12) === 'dcom') return true;
  return false;
}

/** @param at where the word `dref` stands; four bytes like it that are no such box have an impossible number of entries */
async function namesOtherFile(file: FileHandle, at: number): Promise<boolean> {
  if (at < 4) return false;
  const box = await readAt(file, at - 4, longestHeader);
  if (box.length < longestHeader) return false;
  const entries = box.readUInt32BE(12);
  if (entries > (box.readUInt32BE(0) - 16) / 12) return false;
  if (entries > mostEntries) return true;
  let next = at + 12;
  for (let seen = 0; seen < entries; seen++) {
    const entry = await readAt(file, next, 12);
    if (entry.length < 12) return false;
    const length = entry.readUInt32BE(0);
    if (length < 12) return false;
    const isAlias = entry.toString('latin1', 4, 8) === 'alis';
    if ((entry.readUIntBE(9, 3) & selfContained) === 0 || (isAlias && length > longestEmptyAlias))
      return true;
    next += length;
  }
  return false;
}

/** Less than asked for at the end of the file. */
async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
}
