import type { FileHandle } from 'node:fs/promises';

const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'dinf']);
/** Honest files have some hundreds; a file made of empty boxes must not keep us busy. */
const mostBoxes = 20_000;
const selfContained = 1;

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Whether a track of an ISO media file (MP4, QuickTime, 3GP...) names another file or URL as the place of its
 * samples (`dref` entries without the self-contained flag). Such a file could make a reader open local files.
 */
export async function hasExternalReferences(file: FileHandle, size: number): Promise<boolean> {
  const header = Buffer.alloc(16);
  const pending: Range[] = [{ start: 0, end: size }];
  let boxes = 0;
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    let at = range.start;
    while (at + 8 <= range.end) {
      if (++boxes > mostBoxes) return true;
      const { bytesRead } = await file.read(header, 0, 16, at);
      if (bytesRead < 8) break;
      const type = header.toString('latin1', 4, 8);
      let length = header.readUInt32BE(0);
      let prefix = 8;
      if (length === 1 && bytesRead === 16) {
        length = Number(header.readBigUInt64BE(8));
        prefix = 16;
      } else if (length === 0) {
        length = range.end - at; // to the end of what contains it
      }
      if (length < prefix) break;
      const body = { start: at + prefix, end: Math.min(at + length, range.end) };
      if (type === 'dref' && (await namesOtherFile(file, body))) return true;
      if (containers.has(type)) pending.push(body);
      at += length;
    }
  }
  return false;
}

async function namesOtherFile(file: FileHandle, body: Range): Promise<boolean> {
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
