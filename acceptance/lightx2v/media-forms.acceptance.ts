import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { form, LightX2VClient, texts } from './lightx2v-client.js';
import { tiny } from './tiny-video.js';

const samples = inject('samples');
const client = new LightX2VClient(inject('baseUrl'));
const portrait = join(samples, 'portrait.jpg');

describe('every way to give media', () => {
  const create = async (fields: object) => {
    const reply = await client.request('POST', '/tasks/video', { ...tiny, video_duration: 1, ...fields });
    expect(reply, JSON.stringify(reply.body)).toMatchObject({ status: 200 });
    await client.request('DELETE', `/tasks/${(reply.body as { task_id: string }).task_id}`);
  };

  it('data URLs of any subtype and with parameters, base64 with line breaks, URLs, paths', async () => {
    const image = (await readFile(portrait)).toString('base64');
    const sound = (await readFile(join(samples, 'speech.wav'))).toString('base64');
    const video = (await readFile(join(samples, 'portrait.mp4'))).toString('base64');
    for (const image_path of [
      image,
      image.replace(/.{76}/g, '$&\n'),
      `data:image/jpeg;base64,${image}`,
      `data:image/png;name=me.png;base64,${image}`,
      `data:application/octet-stream;base64,${image}`,
      `${inject('mediaServer')}/portrait.jpg?size=1,2`,
      'examples/portrait.jpg',
      '/runpod-volume/examples/portrait.jpg',
    ])
      await create({ image_path });
    for (const audio_path of [`data:audio/x-wav;base64,${sound}`, sound, 'examples/speech.wav'])
      await create({ image_path: 'examples/portrait.jpg', audio_path });
    for (const reference of [
      { image_path: `data:video/mp4;base64,${video}` },
      { image_path: video },
      { video_path: 'examples/portrait.mp4' },
      { image_path: 'examples/portrait.mp4' },
    ])
      await create({ ...reference, audio_path: 'examples/speech.wav' });
    const two = 'examples/speech.wav, examples/speech-second.wav';
    await create({ image_path: 'examples/two-people.jpg', audio_path: two });
    const pair = `data:audio/wav;base64,${sound}, data:audio/wav;base64,${sound}`;
    await create({ image_path: 'examples/two-people.jpg', audio_path: pair });
    await create({ image_path: 'examples/portrait.jpg', last_frame_path: 'examples/two-people.jpg' });
  });

  it('two persons with a mask each; a model that finds them by itself says so', async () => {
    const id = await client.create({
      prompt: 'two people',
      image_path: 'examples/two-people.jpg',
      talk_objects: [
        { audio: 'examples/speech.wav', mask: 'examples/portrait.jpg' },
        { audio: 'examples/speech-second.wav', mask: 'examples/portrait.jpg' },
      ],
      video_duration: 0.5,
      height: 128,
      width: 256,
      lora_name: 'ink',
      num_fragments: 3,
    });
    const last = (await client.pollUntil(id, ['completed', 'failed', 'cancelled'])).at(-1)!;
    expect(last.status, JSON.stringify(last)).toBe('completed');
    for (const name of ['mask', 'mask2', 'lora_name', 'num_fragments']) expect(last.message).toContain(name);
  });

  it('a form with two sounds, lists as JSON text and media as text', async () => {
    const fields = { prompt: 'x', target_shape: '[128, 256]', video_duration: '1', audio_type: 'para' };
    const files = {
      image_file: join(samples, 'two-people.jpg'),
      audio_file: join(samples, 'speech.wav'),
      audio_file_2: join(samples, 'speech-second.wav'),
    };
    const id = await client.create(await form(fields, files), '/tasks/video/form');
    await client.request('DELETE', `/tasks/${id}`);
    const talk = '[{"audio": "examples/speech.wav"}]';
    const textOnly = { ...texts(tiny), image_path: 'examples/portrait.jpg', talk_objects: talk };
    const second = await client.create(await form(textOnly, {}), '/tasks/video/form');
    await client.request('DELETE', `/tasks/${second}`);
  });
});
