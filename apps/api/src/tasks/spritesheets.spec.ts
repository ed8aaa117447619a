import 'reflect-metadata';
import type { SheetMaker } from '@polyreel/core';
import { aTask, MemoryObjectStore } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { Spritesheets } from './spritesheets.js';

const videoKey = 'results/1/2/video.mp4';
const sheetKey = 'results/1/2/spritesheet.jpg';
const task = aTask({
  id: '1',
  attempt: 2,
  state: 'succeeded',
  assets: [{ role: 'result', objectKey: videoKey, mediaType: 'video/mp4', facts: { durationSeconds: 3 } }],
});

function arrange(remaining = true) {
  const objects = new MemoryObjectStore();
  objects.put(videoKey, Buffer.from('video'), 'video/mp4');
  const asked: unknown[] = [];
  const maker: SheetMaker = {
    sheetOf: async (_link, seconds, layout) => {
      asked.push({ seconds, ...layout });
      return Buffer.from('sheet');
    },
  };
  const find = async () => (remaining ? task : undefined);
  return { objects, asked, sheets: new Spritesheets({ find }, objects, maker) };
}

describe('Spritesheets', () => {
  it('are made once, however many ask, and kept beside the result', async () => {
    const { objects, asked, sheets } = arrange();
    const file = { objectKey: sheetKey, mediaType: 'image/jpeg' };
    expect(await Promise.all([sheets.of(task), sheets.of(task)])).toEqual([file, file]);
    expect(await sheets.of(task)).toEqual(file);
    expect(objects.bytesOf(sheetKey).toString()).toBe('sheet');
    expect(asked).toEqual([{ seconds: 3, columns: 5, rows: 4, side: 240 }]);
  });

  it('do not outlive a task that was removed meanwhile', async () => {
    const { objects, sheets } = arrange(false);
    expect(await sheets.of(task)).toBeUndefined();
    expect(await objects.head(sheetKey)).toBeUndefined();
  });

  it('are not there before the end, without a video, or after its file is gone', async () => {
    const { objects, asked, sheets } = arrange();
    expect(await sheets.of({ ...task, state: 'running' })).toBeUndefined();
    expect(await sheets.of({ ...task, assets: [] })).toBeUndefined();
    await objects.removePrefix('results/1/');
    expect(await sheets.of(task)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('are tried again after a failure', async () => {
    const { objects, sheets } = arrange();
    objects.failure = new Error('away');
    await expect(sheets.of(task)).rejects.toThrow('away');
    delete objects.failure;
    expect(await sheets.of(task)).toMatchObject({ objectKey: sheetKey });
  });
});
