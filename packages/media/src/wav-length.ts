import type { FileHandle } from 'node:fs/promises';

/** Sizes from here on are written by programs that stream and cannot know the length in advance. */
const unknownSize = 0x7fff_0000;
/** Chunks before the sound that are looked at. */
const mostChunks = 64;

/**
 * Whether the data chunk of a WAV states more sound than the file holds. ffprobe plays what is there
 * without complaint, so an upload that broke off would pass for a shorter recording.
 */
export async function wavIsCutShort(file: FileHandle, size: number): Promise<boolean> {
  const header = Buffer.alloc(8);
  let at = 12;
  for (let chunk = 0; chunk < mostChunks && at + 8 <= size; chunk++) {
    await file.read(header, 0, 8, at);
    const stated = header.readUInt32LE(4);
    if (header.toString('latin1', 0, 4) === 'data') return stated < unknownSize && at + 8 + stated > size;
    at += 8 + stated + (stated % 2);
  }
  return false;
}
