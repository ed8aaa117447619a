import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { form, LightX2VClient, type StatusReply } from '../lightx2v/lightx2v-client.js';
import { VideosClient } from '../opea-videos/videos-client.js';
import { EngineProcess, SETUP_MILLISECONDS, writeInfiniteTalk } from '../platform/engine-process.js';
import { probeContent, writeTone } from '../platform/media.js';
import { Platform } from '../platform/platform.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { RunpodClient } from '../runpod/runpod-client.js';

/*
 * The whole platform around a real InfiniteTalk engine, two processes that share each video, started by torchrun with
 * the options the InfiniteTalk document gives. Its weights are tiny and random, so the videos are noise, but every step from the
 * request to the file is the one that real weights take. Requests are those of the documents in a size and with steps
 * a CPU makes in seconds.
 */
const [portrait, twoPeople, film] = ['portrait.jpg', 'two-people.jpg', 'portrait.mp4'].map((name) =>
  join(inject('samples'), name),
) as [string, string, string];

const SIDE = 64;
const RATE = 16_000;

/** The sound track ends with a whole frame of AAC, and begins with one that only starts the decoder. */
const SOUND_FRAMES = 2048 / RATE;

const folder = await temporaryFolder();
let engine: EngineProcess;
let platform: Platform;
/** Sounds of 1 and of 0.6 seconds. */
let [speech, reply]: [string, string] = ['', ''];

beforeAll(async () => {
  [speech, reply] = [join(folder, 'speech.wav'), join(folder, 'reply.wav')];
  const [weights] = await Promise.all([
    writeInfiniteTalk(join(folder, 'weights')),
    writeTone(speech, 1),
    writeTone(reply, 0.6),
  ]);
  const options = [
    ...['--dit_fsdp', '--t5_fsdp', '--ulysses_size', '2'],
    ...['--size', 'infinitetalk-480', '--motion_frame', '5', '--frame_num', '17'],
    ...['--sample_shift', '7', '--sample_text_guide_scale', '5', '--sample_audio_guide_scale', '4'],
  ];
  engine = await EngineProcess.start('infinitetalk', folder, [...weights, ...options], 2);
  platform = await Platform.start({ ENGINES: engine.address, MODEL_TALK: 'infinitetalk' });
}, SETUP_MILLISECONDS);
afterAll(async () => {
  await platform.stop();
  await engine.stop();
  expect(engine.completeEnds, engine.log.join('\n')).toBe(2);
});

async function dataUrl(path: string, type: string): Promise<string> {
  return `data:${type};base64,${(await readFile(path)).toString('base64')}`;
}

async function expectTalk(content: Buffer, seconds: number, fps = 25): Promise<void> {
  const facts = await probeContent(inject('ffprobe'), folder, content);
  expect(facts).toMatchObject({
    video: { codec: 'h264', pixelFormat: 'yuv420p', width: SIDE, height: SIDE, fps },
    audio: { codec: 'aac', sampleRate: RATE },
  });
  expect(facts.duration).toBeGreaterThanOrEqual(seconds - 1 / fps);
  expect(facts.duration).toBeLessThanOrEqual(seconds + 1 / fps + SOUND_FRAMES);
}

const lightx2v = () => new LightX2VClient(platform.baseUrl);

async function madeByLightX2V(body: unknown, path?: string): Promise<StatusReply & { content: Buffer }> {
  const client = lightx2v();
  const id = await client.create(body, path);
  const last = (await client.pollUntil(id, ['completed', 'failed', 'cancelled'])).at(-1)!;
  expect(last, engine.log.slice(-5).join('\n')).toMatchObject({ status: 'completed', progress: 1 });
  const response = await fetch(`${platform.baseUrl}/v1/tasks/${id}/result`);
  return { ...last, content: Buffer.from(await response.arrayBuffer()) };
}

describe('LightX2V, with the InfiniteTalk fields', () => {
  const asked = {
    prompt: 'a person is talking',
    infer_steps: 1,
    target_video_length: 1000,
    seed: 42,
    height: SIDE,
    width: SIDE,
  };

  it('makes an image talk by JSON, as long as the sound; the same seed makes the same file', async () => {
    const body = {
      ...asked,
      image_path: await dataUrl(portrait, 'image/jpeg'),
      audio_path: await dataUrl(speech, 'audio/wav'),
    };
    const first = await madeByLightX2V(body);
    expect(first.message).toBe('Completed');
    await expectTalk(first.content, 1);
    expect((await madeByLightX2V(body)).content.equals(first.content)).toBe(true);
    const louder = await madeByLightX2V({ ...body, audio_guide_scale: 2 });
    expect(louder.content.equals(first.content)).toBe(false);
  });

  it('makes a video talk by form, no longer than asked', async () => {
    const fields = Object.entries({ ...asked, target_video_length: 10 }).map(([name, value]) => [
      name,
      String(value),
    ]);
    const body = await form(Object.fromEntries(fields) as Record<string, string>, {
      image_file: film,
      audio_file: speech,
    });
    await expectTalk((await madeByLightX2V(body, '/tasks/video/form')).content, 10 / 25);
  });

  it('lets two people speak one after the other', async () => {
    const talk_objects = [
      { audio: await dataUrl(speech, 'audio/wav') },
      { audio: await dataUrl(reply, 'audio/wav') },
    ];
    const image_path = await dataUrl(twoPeople, 'image/jpeg');
    const made = await madeByLightX2V({ ...asked, image_path, talk_objects, audio_type: 'add' });
    await expectTalk(made.content, 1.6);
  });

  it.each([
    ['frames of motion that are no whole latents', { motion_frame: 8 }, 'the nearest are 5 and 9'],
    ['a size beyond what fits', { height: 2048, width: 2048 }, 'at most 2088960'],
  ])('fails with the reason: %s', async (_name, change, reason) => {
    const client = lightx2v();
    const image_path = await dataUrl(portrait, 'image/jpeg');
    const audio_path = await dataUrl(speech, 'audio/wav');
    const id = await client.create({ ...asked, image_path, audio_path, ...change });
    const last = (await client.pollUntil(id, ['completed', 'failed'])).at(-1)!;
    expect(last).toMatchObject({ status: 'failed', error_type: 'ValueError' });
    expect(last.error).toContain(reason);
  });

  it('stops at its next step when it is cancelled, and makes the next video', async () => {
    const client = lightx2v();
    const image_path = await dataUrl(portrait, 'image/jpeg');
    const audio_path = await dataUrl(reply, 'audio/wav');
    const id = await client.create({ ...asked, image_path, audio_path, infer_steps: 100 });
    await client.pollUntil(id, ['processing']);
    expect((await client.request('DELETE', `/tasks/${id}`)).status).toBe(200);
    const last = (await client.pollUntil(id, ['completed', 'failed', 'cancelled'])).at(-1)!;
    expect(last.status).toBe('cancelled');
    await expectTalk((await madeByLightX2V({ ...asked, image_path, audio_path })).content, 0.6);
  });
});

describe('OPEA videos', () => {
  async function madeByForm(
    fields: Record<string, string>,
    reference: string,
    audios: readonly string[],
  ): Promise<Buffer> {
    const client = new VideosClient(platform.baseUrl);
    const body = new FormData();
    const asked = { prompt: '一个男人在说话', steps: '1', size: `${SIDE}x${SIDE}`, ...fields };
    for (const [name, value] of Object.entries(asked)) body.set(name, value);
    body.set('input_reference', new Blob([await readFile(reference)]), basename(reference));
    for (const path of audios)
      body.append(audios.length > 1 ? 'audio[]' : 'audio', new Blob([await readFile(path)]), basename(path));
    const { id } = await client.create(body);
    const last = (await client.pollUntil(id, ['completed', 'error'])).at(-1)!;
    expect(last, engine.log.slice(-5).join('\n')).toMatchObject({ status: 'completed', error: '' });
    const response = await fetch(`${platform.baseUrl}/v1/videos/${id}/content`);
    return Buffer.from(await response.arrayBuffer());
  }

  it('takes all of its fields with one sound', async () => {
    const fields = {
      audio_guide_scale: '5.0',
      fps: '24',
      shift: '5.0',
      seed: '42',
      guide_scale: '5.0',
      seconds: '20',
    };
    await expectTalk(await madeByForm(fields, portrait, [speech]), 1, 24);
  });

  it('takes two sounds at the same time', async () => {
    await expectTalk(await madeByForm({ audio_type: 'para' }, twoPeople, [speech, reply]), 1);
  });
});

describe('RunPod', () => {
  it.each([
    ['image', 'single'],
    ['image', 'multi'],
    ['video', 'single'],
    ['video', 'multi'],
  ])('makes a talking video of one %s, %s', async (kind, persons) => {
    const client = new RunpodClient(platform.baseUrl, 'infinitetalk');
    const reference =
      kind === 'image'
        ? { image_base64: await dataUrl(persons === 'multi' ? twoPeople : portrait, 'image/jpeg') }
        : { video_base64: await dataUrl(film, 'video/mp4') };
    const id = await client.run({
      ...reference,
      input_type: kind,
      person_count: persons,
      prompt: '一个人正在自然地说话',
      wav_base64: await dataUrl(reply, 'audio/wav'),
      ...(persons === 'multi' && { wav_base64_2: await dataUrl(speech, 'audio/wav') }),
      width: SIDE,
      height: SIDE,
      num_inference_steps: 1,
    });
    const { output } = (await client.completed(id)).at(-1)!;
    await expectTalk(Buffer.from(output?.video_base64 as string, 'base64'), persons === 'multi' ? 1 : 0.6);
  });
});
