import { aTask, MemoryObjectStore } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { ResultDelivery } from './result-delivery.js';

const key = 'results/1/1/video.mp4';
const done = aTask({
  publicId: 'job-u1',
  state: 'succeeded',
  assets: [{ role: 'result', objectKey: key, mediaType: 'video/mp4' }],
});
const inReply = { toVolume: false, inlineBytes: 4 };
const inVolume = { toVolume: true, inlineBytes: 4 };

function arrange(bytes: number) {
  const objects = new MemoryObjectStore();
  objects.put(key, Buffer.alloc(bytes, 1), 'video/mp4');
  const settings = { volumeRoots: ['/runpod-volume', '/my_volume'], volumePrefix: 'volume/' };
  return { objects, delivery: new ResultDelivery(objects, settings) };
}

describe('ResultDelivery', () => {
  it('puts a small result into the reply and leaves a larger one to its link', async () => {
    const { inline } = await arrange(4).delivery.of(done, inReply);
    expect(inline?.bytes).toBe(4);
    const pieces: Uint8Array[] = [];
    for await (const piece of inline!.open()) pieces.push(piece);
    expect(Buffer.concat(pieces)).toEqual(Buffer.alloc(4, 1));
    expect(await arrange(5).delivery.of(done, inReply)).toEqual({});
  });

  it('never uses the same token twice', async () => {
    const { delivery } = arrange(1);
    const tokens = [await delivery.of(done, inReply), await delivery.of(done, inReply)];
    expect(tokens[0]!.inline!.token).not.toBe(tokens[1]!.inline!.token);
  });

  it('copies the result into the volume once, under the path it tells', async () => {
    const { objects, delivery } = arrange(5);
    const volumePath = '/runpod-volume/results/job-u1.mp4';
    const answers = await Promise.all([delivery.of(done, inVolume), delivery.of(done, inVolume)]);
    expect(answers).toEqual([{ volumePath }, { volumePath }]);
    expect(objects.bytesOf('volume/results/job-u1.mp4')).toEqual(Buffer.alloc(5, 1));
    objects.put('volume/results/job-u1.mp4', Buffer.from('edited'), 'video/mp4');
    await delivery.of(done, inVolume);
    expect(objects.bytesOf('volume/results/job-u1.mp4').toString()).toBe('edited');
  });

  it('tries a copy that failed again', async () => {
    const { objects, delivery } = arrange(5);
    objects.failure = new Error('away');
    await expect(delivery.of(done, inVolume)).rejects.toThrow('away');
    delete objects.failure;
    expect(await delivery.of(done, inVolume)).toEqual({ volumePath: '/runpod-volume/results/job-u1.mp4' });
  });

  it('has nothing to hand out before the end or after the file is gone', async () => {
    const { objects, delivery } = arrange(1);
    expect(await delivery.of({ ...done, state: 'running' }, inReply)).toEqual({});
    await objects.removePrefix('results/');
    expect(await delivery.of(done, inReply)).toEqual({});
    expect(await delivery.of(done, inVolume)).toEqual({});
  });
});
