import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasExternalReferences } from '../src/mp4-references.js';
import { box, u32 } from './mp4-boxes.js';
import { SampleFiles } from './sample-files.js';

let files: SampleFiles;
beforeAll(async () => {
  files = await SampleFiles.open();
});
afterAll(() => files.remove());

async function refersOutside(...boxes: Buffer[]): Promise<boolean> {
  const content = Buffer.concat(boxes);
  const path = join(files.folder, 'movie.mov');
  await writeFile(path, content);
  const file = await open(path);
  try {
    return await hasExternalReferences(file, content.length);
  } finally {
    await file.close();
  }
}

const references = (...entries: Buffer[]) => box('dref', u32(0, entries.length), ...entries);
const track = (dref: Buffer) => box('trak', box('mdia', box('minf', box('dinf', dref))));

const own = references(box('url ', u32(1)));
const foreign = references(box('url ', u32(0), Buffer.from('file:///etc/passwd\0')));
/** An alias that says it is empty, and is not; FFmpeg reads its path all the same. */
const liar = references(box('alis', u32(1), Buffer.alloc(150, 'x')));
const head = box('ftyp', Buffer.from('qt  \0\0\0\0qt  '));
const samples = box('mdat', Buffer.alloc(3_000_000, foreign));

it.each([
  ['in its track', [box('moov', track(foreign))]],
  [
    'behind a reference to itself',
    [box('moov', track(references(box('url ', u32(1)), foreign.subarray(16))))],
  ],
  ['in an alias that says it is empty', [box('moov', track(liar))]],
  ['in a track beside the movie', [box('moov', track(own)), track(foreign)]],
  ['in a track before the movie', [track(foreign), box('moov', track(own))]],
  ['in a second movie', [box('moov', track(own)), box('moov', track(foreign))]],
  ['in a box for something else', [box('moov', track(own), box('udta', track(foreign)))]],
  ['in a movie said to be free space', [box('free', box('moov', track(foreign)))]],
  ['far into the movie', [box('moov', box('free', Buffer.alloc(2_097_130)), track(foreign))]],
  ['behind so many fragments', [...Array<Buffer>(30_000).fill(box('moof')), box('moov', track(foreign))]],
  [
    'in a compressed movie',
    [
      box(
        'moov',
        box(
          'cmov',
          box('dcom', Buffer.from('zlib')),
          box('cmvd', u32(100), deflateSync(box('moov', track(foreign)))),
        ),
      ),
    ],
  ],
])('finds a name of another file %s', async (_where, boxes) => {
  expect(await refersOutside(head, samples, ...boxes)).toBe(true);
  expect(await refersOutside(head, ...boxes, samples)).toBe(true);
});

it.each([
  ['an ordinary movie', [box('moov', track(own), track(own)), samples]],
  ['samples that look like a reference', [samples, box('moov', track(own))]],
  ['samples to the end of the file', [box('moov', track(own)), u32(0), samples.subarray(4)]],
  ['a movie in many fragments', [box('moov', track(own)), ...Array<Buffer>(30_000).fill(box('moof'))]],
  ['an alias to itself', [box('moov', track(references(box('alis', u32(1))))), samples]],
  ['the word alone', [box('moov', track(own), box('udta', Buffer.from('dref, cmov and so on')))]],
  ['nothing behind the head', []],
])('finds none in %s', async (_what, boxes) => {
  expect(await refersOutside(head, ...boxes)).toBe(false);
});

it('does not look for ever', async () => {
  expect(await refersOutside(head, Buffer.alloc(4_000_000, own))).toBe(true);
});
