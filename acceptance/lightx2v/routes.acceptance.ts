import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { form, LightX2VClient } from './lightx2v-client.js';

const baseUrl = inject('baseUrl');
const samples = inject('samples');
const client = new LightX2VClient(baseUrl);
const tiny = { prompt: 'waves', height: 128, width: 128, video_duration: 0.5 };
const portrait = join(samples, 'portrait.jpg');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'polyreel-lightx2v-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Status and location of an answer, redirects not followed. */
async function bare(
  method: string,
  path: string,
  body?: string | FormData,
): Promise<[number, string | null]> {
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : undefined;
  const init = { method, redirect: 'manual', ...(body && { body }), ...(headers && { headers }) } as const;
  const response = await fetch(`${baseUrl}${path}`, init);
  await response.body?.cancel();
  return [response.status, response.headers.get('location')];
}

describe('both spellings of every path', () => {
  let id: string;
  beforeAll(async () => {
    id = await client.create(tiny);
    await client.pollUntil(id, ['succeed', 'failed']);
  });

  it('answer directly, never by redirect', async () => {
    const gets = [
      '/v1/tasks',
      '/v1/tasks/queue/status',
      `/v1/tasks/${id}/status`,
      `/v1/tasks/${id}/result`,
      `/v1/files/download/${id}.mp4`,
      '/v1/service/status',
      '/v1/service/metadata',
    ];
    for (const path of gets)
      for (const spelling of [path, `${path}/`, `/lightx2v${path}`])
        expect(await bare('GET', spelling), spelling).toEqual([200, null]);
    for (const spelling of [`/v1/tasks/${id}`, `/v1/tasks/${id}/`])
      expect(await bare('DELETE', spelling), spelling).toEqual([200, null]);
    for (const path of ['/v1/tasks', '/v1/tasks/video'])
      for (const spelling of [path, `${path}/`])
        expect(await bare('POST', spelling, JSON.stringify(tiny)), spelling).toEqual([200, null]);
    for (const spelling of ['/v1/tasks/video/form', '/v1/tasks/video/form/'])
      expect(await bare('POST', spelling, await form({ ...texts(tiny) }, {})), spelling).toEqual([200, null]);
  });

  it('leave the root to the documentation, and images to others', async () => {
    expect(await bare('GET', '/')).toEqual([307, '/docs']);
    for (const [method, path] of [
      ['POST', '/v1/images/generations'],
      ['POST', '/v1/images/edits'],
      ['POST', '/v1/tasks/image'],
      ['POST', '/v1/tasks/image/'],
      ['POST', '/v1/tasks/image/form'],
      ['POST', '/v1/tasks/image/sync?timeout_seconds=1'],
      ['POST', '/v1/tasks/sensenova-vision/'],
    ] as const) {
      const response = await fetch(`${baseUrl}${path}`, { method });
      expect([response.status, await response.json()], path).toEqual([
        404,
        { detail: 'This server makes videos; it has no image tasks.' },
      ]);
    }
  });
});

describe('exact replies', () => {
  it('metadata, and nothing about paths of the server', async () => {
    expect((await client.request('GET', '/service/metadata')).body).toEqual({
      nproc_per_node: expect.any(Number) as number,
      model_cls: expect.stringMatching(/./) as string,
      model_path: '',
    });
  });

  it('a status has the keys of both documents, and no others than ours', async () => {
    const id = await client.create(tiny);
    const { body } = await client.request('GET', `/tasks/${id}/status`);
    expect(Object.keys(body as object).sort()).toEqual(
      [
        ...['task_id', 'status', 'start_time', 'end_time', 'error', 'error_type', 'save_result_path'],
        ...['progress', 'message', 'task_status', 'error_code', 'stage', 'queue_position'],
        ...['estimated_seconds', 'result_url', 'result_url_expires_at'],
      ].sort(),
    );
    expect(await client.request('GET', `/tasks/${id}/result`)).toMatchObject({ status: 404 });
    await client.pollUntil(id, ['succeed', 'failed']);
  });

  it('stopping: the words of the original, also twice', async () => {
    const id = await client.create({ ...tiny, video_duration: 60, width: 832, height: 480 });
    const success = { stop_status: 'success', reason: 'Task stopped successfully.' };
    expect((await client.request('DELETE', `/tasks/${id}`)).body).toEqual(success);
    await client.pollUntil(id, ['failed'], 30);
    expect((await client.request('DELETE', `/tasks/${id}`)).body).toEqual(success);
    const nothing = { stop_status: 'do_nothing', reason: 'Task not found or already completed.' };
    for (const path of ['/tasks/nobody', '/tasks/running'])
      expect((await client.request('DELETE', path)).body).toEqual(nothing);
  });

  it('lists by pages that a Link header leads through', async () => {
    for (let made = 0; made < 3; made += 1) await client.create({ ...tiny, seed: made });
    const seen: string[] = [];
    let path: string | undefined = '/v1/tasks/?limit=2';
    while (path && seen.length < 10) {
      const response: Response = await fetch(`${baseUrl}${path}`);
      const page = (await response.json()) as Record<string, { task_id: string; status: string }>;
      expect(Object.keys(page).length).toBeLessThanOrEqual(2);
      for (const [id, status] of Object.entries(page)) expect(status.task_id).toBe(id);
      seen.push(...Object.keys(page));
      path = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

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

describe('downloads by the path a client wished', () => {
  const wish = `odd folder/äöü ${Date.now()}/../out.mp4`;
  let id: string;
  beforeAll(async () => {
    const task_id = `wish-${Date.now()}`;
    id = await client.create({ ...tiny, task_id, save_result_path: wish });
    expect(id).toBe(task_id);
    const last = (await client.pollUntil(id, ['succeed', 'failed'])).at(-1)!;
    expect(last).toMatchObject({ status: 'succeed', save_result_path: wish });
  });

  const download = (path: string, init: RequestInit = {}) =>
    fetch(`${baseUrl}/v1/files/download/${path}`, init);

  it('find the video by it, by the id and by every path of the guide, with HEAD, ETag and Range', async () => {
    const whole = Buffer.from(await (await download(`${id}.mp4`)).arrayBuffer());
    const paths = [encodeURIComponent(wish), `outputs/videos/${id}.mp4`, `/app/outputs/${id}.mp4`, id];
    for (const path of paths) {
      const response = await download(path);
      expect([response.status, response.headers.get('content-type')], path).toEqual([200, 'video/mp4']);
      expect(response.headers.get('content-disposition')).toContain('attachment');
      expect(Buffer.from(await response.arrayBuffer())).toEqual(whole);
    }
    const head = await download(encodeURIComponent(wish), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(whole.length)]);
    const part = await download(`${id}.mp4`, { headers: { range: 'bytes=4-7' } });
    expect([part.status, Buffer.from(await part.arrayBuffer()).toString()]).toEqual([206, 'ftyp']);
    const same = await download(`${id}.mp4`, { headers: { 'if-none-match': head.headers.get('etag')! } });
    expect(same.status).toBe(304);
  });

  it('never leave the database', async () => {
    const answers: [string, number, string][] = [
      ['nothing.mp4', 404, 'File not found: nothing.mp4'],
      ['..%2F..%2Fetc%2Fpasswd', 403, 'Access to this file is not allowed'],
      ['%2e%2e%2fsecret', 403, 'Access to this file is not allowed'],
      ['%2Fetc%2Fpasswd', 404, 'File not found: /etc/passwd'],
    ];
    for (const [path, status, detail] of answers) {
      const response = await download(path);
      expect([path, response.status, await response.json()]).toEqual([path, status, { detail }]);
    }
  });
});

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

/** Fields of a form are text. */
function texts(fields: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}
