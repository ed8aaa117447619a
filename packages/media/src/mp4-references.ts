import type { FileHandle } from 'node:fs/promises';

/** Where references stand: moov/trak/mdia/minf/dinf/dref. */
const containers = new Set(['trak', 'mdia', 'minf', 'dinf']);
/** Honest files have some hundreds before the end of `moov`; a file made of empty boxes must not keep us busy. */
const mostBoxes = 20_000;
const selfContained = 1;

interface Box {
  readonly type: string;
  /** Of its content, in bytes from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

async function* boxesIn(file: FileHandle, start: number, end: number): AsyncGenerator<Box> {
  const header = Buffer.alloc(16);
  let at = start;
  while (at + 8 <= end) {
    const { bytesRead } = await file.read(header, 0, 16, at);
    if (bytesRead < 8) return;
    let length = header.readUInt32BE(0);
    let prefix = 8;
    if (length === 1 && bytesRead === 16) {
      length = Number(header.readBigUInt64BE(8));
      prefix = 16;
    } else if (length === 0) {
      length = end - at; // to the end of what contains it
    }
    if (length < prefix) return;
    yield { type: header.toString('latin1', 4, 8), start: at + prefix, end: Math.min(at + length, end) };
    at += length;
  }
}

/**
 * Whether a track of an ISO media file (MP4, QuickTime, 3GP...) names another file or URL as the place of its
 * samples (`dref` entries without the self-contained flag). Such a file could make a reader open local files.
 */
export async function hasExternalReferences(file: FileHandle, size: number): Promise<boolean> {
  let boxes = 0;
  for await (const box of boxesIn(file, 0, size)) {
    if (++boxes > mostBoxes) return true;
    // Only the first one counts for readers; the fragments behind it hold no references.
    if (box.type === 'moov') return await searchMovie(file, box);
  }
  return false;
}

async function searchMovie(file: FileHandle, movie: Box): Promise<boolean> {
  const pending = [movie];
  let boxes = 0;
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    for await (const box of boxesIn(file, parent.start, parent.end)) {
      if (++boxes > mostBoxes) return true;
      if (box.type === 'dref' && (await namesOtherFile(file, box))) return true;
      if (containers.has(box.type)) pending.push(box);
    }
  }
  return false;
}

async function namesOtherFile(file: FileHandle, body: Box): Promise<boolean> {
  const entry = Buffer.alloc(12);
  let at = body.start + 8; // version, flags, number of entries
  for (let seen = 0; at + 12 <= body.end; seen++) {
    if (seen > mostBoxes) return true;
    await file.read(entry, 0, 12, at);
    const flags = entry.readUIntBE(9, 3);
    if ((flags & selfContained) === 0) return true;
    const length = entry.readUInt32BE(0);
    if (length < 12) return false;
    at += length;
  }
  return false;
}
