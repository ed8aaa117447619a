import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { form, LightX2VClient } from '../lightx2v/lightx2v-client.js';
import { filesBelow } from '../platform/files-below.js';
import { writeTone } from '../platform/media.js';
import { Platform } from '../platform/platform.js';
import { temporaryFolder } from '../platform/temporary-folder.js';

let platform: Platform;
let client: LightX2VClient;
const folder = await temporaryFolder();
let speech: string;

beforeAll(async () => {
  speech = join(folder, 'speech.wav');
  await writeTone(speech, 20);
  platform = await Platform.start({ LEASE_SECONDS: '5', BEAT_SECONDS: '1' });
  client = new LightX2VClient(platform.baseUrl);
});
afterAll(async () => {
  await platform.stop();
});

describe.each(['worker', 'engine', 'api'])('kill -9 of the %s in mid-job', (victim) => {
  it('ends with one succeeded task', async () => {
    const body = await form(
      { prompt: 'a person is talking', width: '320', height: '320' },
      { image_file: join(inject('samples'), 'portrait.jpg'), audio_file: speech },
    );
    const id = await client.create(body, '/tasks/video/form');
    await client.pollUntil(id, ['processing']);
    platform.kill(victim);
    const answers = await client.pollThroughRestart(id, ['completed', 'failed', 'cancelled']);
    expect(answers.at(-1)).toMatchObject({ status: 'completed', error: null });
    // Exactly one attempt left a result behind.
    const folder = join(platform.dataDir, 's3/polyreel/results');
    const results = (await filesBelow(folder)).map((path) => relative(folder, path));
    const video = Buffer.from(await (await fetch(`${platform.baseUrl}/v1/tasks/${id}/result`)).arrayBuffer());
    expect(video.subarray(4, 8).toString()).toBe('ftyp');
    const made = results.filter((path) => path.endsWith('video.mp4'));
    expect(new Set(made.map((path) => path.split('/')[0])).size).toBe(made.length);
  });
});
