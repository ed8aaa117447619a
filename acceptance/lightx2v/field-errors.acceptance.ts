import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { form, LightX2VClient } from './lightx2v-client.js';
import { tiny } from './tiny-video.js';

const samples = inject('samples');
const client = new LightX2VClient(inject('baseUrl'));

describe('validation', () => {
  it('names field and reason as FastAPI does', async () => {
    const body = {
      prompt: 5,
      infer_steps: 'many',
      seed: 1.5,
      num_frames: 0,
      talk_objects: [{}],
      resize_mode: 'x',
    };
    const { detail } = (await client.request('POST', '/tasks/video', body)).body as {
      detail: { type: string; loc: unknown[]; msg: string }[];
    };
    expect(Object.fromEntries(detail.map(({ type, loc, msg }) => [loc.join('.'), [type, msg]]))).toEqual({
      'body.prompt': ['string_type', 'Input should be a valid string'],
      'body.infer_steps': [
        'int_parsing',
        'Input should be a valid integer, unable to parse string as an integer',
      ],
      'body.seed': ['int_from_float', 'Input should be a valid integer, got a number with a fractional part'],
      'body.num_frames': ['greater_than_equal', 'Input should be greater than or equal to 1'],
      'body.talk_objects.0.audio': ['missing', 'Field required'],
      'body.resize_mode': ['literal_error', expect.stringContaining("'fixed_shape' or 'fixed_min_side'")],
    });
    for (const problem of detail) expect(Object.keys(problem)).toEqual(['type', 'loc', 'msg', 'input']);
  });

  it('points into the form and into the query', async () => {
    const speech = join(samples, 'speech.wav');
    expect(
      (await client.request('POST', '/tasks/video/form', await form({}, { audio_file: speech }))).body,
    ).toEqual({
      detail: [{ type: 'missing', loc: ['body', 'image_file'], msg: 'Field required', input: null }],
    });
    expect((await client.request('GET', '/tasks/?limit=0')).body).toMatchObject({
      detail: [{ type: 'greater_than_equal', loc: ['query', 'limit'], input: 0 }],
    });
  });

  it('asks for the sound of an InfiniteTalk video in its words', async () => {
    const body = { prompt: 'x', size: 'infinitetalk-480', image_path: 'examples/portrait.jpg' };
    expect(await client.request('POST', '/tasks/video', body)).toMatchObject({
      status: 400,
      body: { detail: 'audio_path is required for InfiniteTalk video generation' },
    });
    const video = await form({ prompt: 'x' }, { image_file: join(samples, 'portrait.mp4') });
    expect(await client.request('POST', '/tasks/video/form', video)).toMatchObject({
      status: 400,
      body: { detail: 'audio_file is required for InfiniteTalk' },
    });
  });

  it.each(['all', 'queue', 'video', 'image', '..', 'a/b', 'ü'])('the id %s is refused', async (task_id) => {
    expect(await client.request('POST', '/tasks/video', { ...tiny, task_id })).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'value_error', loc: ['body', 'task_id'], input: task_id }] },
    });
  });
});
