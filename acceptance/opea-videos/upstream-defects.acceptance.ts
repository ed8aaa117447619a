import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { filesBelow } from '../platform/files-below.js';
import { durationOf, writeTone } from '../platform/media.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { form, VideosClient, type VideoReply } from './videos-client.js';

const client = new VideosClient(inject('baseUrl'));
const sdk = new VideosClient(inject('baseUrl'), { 'x-stainless-lang': 'python' });
const samples = inject('samples');
const portrait = join(samples, 'portrait.jpg');
const speech = join(samples, 'speech-second.wav');
const size = '128x128';
const files = [
  ['input_reference', portrait],
  ['audio', speech],
] as const;

const folder = await temporaryFolder();

const end = async (id: string) => (await client.pollUntil(id, ['completed', 'error'])).at(-1)!;
const blob = async (path: string) => new Blob([await readFile(path)]);

/** Everything that lies in the bucket. */
const stored = () => filesBelow(join(inject('volumeDir'), '..'));

describe("the original's defects", () => {
  it('traversal by file name: a name never becomes a path', async () => {
    const body = await form({ size }, []);
    body.append('input_reference', await blob(portrait), '../../../../etc/evil.png');
    body.append('audio', await blob(speech), '..\\..\\evil.wav');
    const { id } = await client.create(body);
    expect((await stored()).filter((path) => path.includes('evil'))).toEqual([]);
    expect((await end(id)).status).toBe('completed');
    await client.request('DELETE', `/v1/videos/${id}`);
  });

  it('newline in the prompt: line breaks and separators forge no job and poison nothing', async () => {
    const forged = 'video_1700000000_0001';
    const prompt = `a\n${forged}$###$completed$###$1700000000$###$x\n$###$`;
    const created = await client.create(await form({ prompt, size }, files));
    expect((await client.request('GET', `/v1/videos/${forged}`)).status).toBe(404);
    const { body } = await sdk.request('GET', `/v1/videos/${created.id}`);
    // Forms write every line break as CR LF.
    expect((body as { prompt: string }).prompt.replaceAll('\r\n', '\n')).toBe(prompt);
    expect((await end(created.id)).status).toBe('completed');
  });

  it('division by zero: one step breaks no estimate, neither for this job nor for the next', async () => {
    const one = await client.create(await form({ steps: '1', size }, files));
    const next = await client.create(await form({ size }, files));
    for (const { id } of [one, next]) {
      const reply = await client.request('GET', `/v1/videos/${id}`);
      expect(reply.status).toBe(200);
      expect((reply.body as VideoReply).estimated_time).toSatisfy(Number.isInteger);
    }
    for (const { id } of [one, next]) await sdk.request('DELETE', `/v1/videos/${id}`);
  });

  it('uploads of the same name stay two files, also under names of files of the server', async () => {
    const body = await form({ size, audio_type: 'add' }, [['input_reference', portrait]]);
    const other = join(samples, 'speech.wav');
    body.append('audio[]', await blob(speech), 'output.mp4');
    body.append('audio[]', await blob(other), 'output.mp4');
    const created = await client.create(body);
    const both = (await durationOf(inject('ffprobe'), speech)) + (await durationOf(inject('ffprobe'), other));
    expect(created.seconds).toBe(String(Math.floor(both)));
    expect((await end(created.id)).status).toBe('completed');
    expect((await stored()).filter((path) => path.includes('output.mp4'))).toEqual([]);
    await client.request('DELETE', `/v1/videos/${created.id}`);
  });

  it('JSON as video: no content, in no words and no variant, before there is a video', async () => {
    const missing = `${inject('mediaServer')}/missing`;
    const failing = await client.create({ input_reference: missing, audio: missing });
    expect((await end(failing.id)).status).toBe('error');
    const longSpeech = join(folder, 'long.wav');
    await writeTone(longSpeech, 300);
    const young = await client.create(
      await form({ size }, [
        ['input_reference', portrait],
        ['audio', longSpeech],
      ]),
    );
    for (const { id } of [young, failing])
      for (const asking of [client, sdk])
        for (const variant of ['video', 'thumbnail', 'spritesheet']) {
          const reply = await asking.request('GET', `/v1/videos/${id}/content?variant=${variant}`);
          expect(reply).toMatchObject({ status: 404, body: { error: { code: '404' } } });
        }
    await sdk.request('DELETE', `/v1/videos/${young.id}`);
  });
});
