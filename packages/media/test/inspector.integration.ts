import { TaskError } from '@polyreel/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FfmpegMediaInspector } from '../src/index.js';
import { FileServer } from './file-server.js';
import { intakeIn, upload } from './intake.js';
import { h264, SampleFiles } from './sample-files.js';

const inspector = new FfmpegMediaInspector();
let files: SampleFiles;
let store: FileServer;

beforeAll(async () => {
  [files, store] = await Promise.all([SampleFiles.open(), FileServer.start()]);
});
afterAll(async () => {
  await Promise.all([files.remove(), store.stop()]);
});

it.each([
  ['the index at the front', ['-movflags', '+faststart']],
  ['the index at the end', []],
])('probes a result with %s through its link', async (_name, args) => {
  const link = store.serve(
    '/result.mp4?X-Amz-Signature=abc',
    await files.make('result.mp4', [...h264, ...args], 2),
  );
  expect(await inspector.probeLink(link)).toEqual({
    durationSeconds: expect.closeTo(2, 1),
    width: 320,
    height: 180,
    fps: 25,
    videoCodec: 'h264',
    audioCodec: 'aac',
    sampleRate: 44_100,
  });
});

it.each([
  ['320x180', 160, { width: 160, height: 90 }],
  ['180x320', 160, { width: 90, height: 160 }],
  ['320x180', 1024, { width: 320, height: 180 }],
])('makes a poster of %s within %i', async (size, maxSide, facts) => {
  const link = store.serve('/poster.mp4', await files.make('poster.mp4', [...h264, '-an'], 1, size));
  const poster = await inspector.posterOf(link, maxSide);
  const media = await intakeIn(files.folder).intake.receive('image', 'image', upload(poster));
  expect(media).toMatchObject({ mediaType: 'image/jpeg', facts });
  await media.discard();
});

it('calls a result that is no video unsupported', async () => {
  const link = store.serve('/result.mp4', Buffer.from('#EXTM3U\nhttp://127.0.0.1/\n'));
  await expect(inspector.probeLink(link)).rejects.toMatchObject({ code: 'UNSUPPORTED_MEDIA' });
  await expect(inspector.posterOf(link, 320)).rejects.toMatchObject({ code: 'UNSUPPORTED_MEDIA' });
});

it('does not blame the result when the store fails', async () => {
  const error: unknown = await inspector
    .probeLink(`http://${store.host}/missing`)
    .catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(TaskError);
  expect(String(error)).toMatch(/store answered 404/);
});

it.each([
  ['a short one', 2, '320x180', { columns: 5, rows: 4, side: 160 }, { width: 800, height: 360 }],
  ['a tall one', 1, '90x160', { columns: 3, rows: 2, side: 240 }, { width: 270, height: 320 }],
  ['key frames of a long one', 300, '64x36', { columns: 5, rows: 4, side: 64 }, { width: 320, height: 144 }],
] as const)('draws a sheet of %s', async (_name, seconds, size, layout, facts) => {
  const content = await files.make('sheet.mp4', [...h264, '-an', '-r', '5'], seconds, size);
  const sheet = await inspector.sheetOf(store.serve('/sheet.mp4', content), seconds, layout);
  const media = await intakeIn(files.folder).intake.receive('image', 'image', upload(sheet));
  expect(media).toMatchObject({ mediaType: 'image/jpeg', facts });
  await media.discard();
});

it('draws no sheet of what is no video', async () => {
  const link = store.serve('/no-video.mp4', Buffer.from('text'));
  const layout = { columns: 2, rows: 2, side: 64 };
  await expect(inspector.sheetOf(link, 1, layout)).rejects.toThrow('No sheet');
  await expect(inspector.sheetOf(link, 0, layout)).rejects.toBeInstanceOf(RangeError);
});
