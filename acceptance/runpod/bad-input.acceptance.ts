import { describe, expect, inject, it } from 'vitest';
import { RunpodClient, type Reply } from './runpod-client.js';

const client = new RunpodClient(inject('baseUrl'), 'infinitetalk');
const media = inject('mediaServer');

/** One clear sentence; no stack, no path of the server, no library name. */
function expectRefusal(reply: Reply, status: number): void {
  expect([reply.status, reply.body]).toEqual([status, { error: expect.any(String) as string }]);
  expect(reply.text).not.toMatch(
    /\/tmp\/|\/home\/|\/root\/|node_modules|\.ts:|\.js:|Prisma|ECONN|at [A-Z]\w+\./,
  );
}

const input = (fields: object) => ({ input: { width: 128, height: 128, ...fields } });
const text = Buffer.from('not an image, only words. '.repeat(40)).toString('base64');

describe('refused at once', () => {
  it.each<[string, unknown]>([
    ['broken JSON', '{"input": '],
    ['no body', ''],
    ['a list', '[]'],
    ['no input', {}],
    ['input as text', { input: 'hello' }],
    ['an unknown field', input({ promt: 'x' })],
    ['an unknown input_type', input({ input_type: 'hologram' })],
    ['a prompt that is a number', input({ prompt: 7 })],
    ['a width in words', { input: { width: 'wide' } }],
    ['a huge height', { input: { height: 1e6 } }],
    ['an image twice', input({ image_url: `${media}/portrait.jpg`, image_path: '/my_volume/a.jpg' })],
    ['a second speech for one person', input({ wav_url_2: `${media}/speech.wav` })],
    ['an image for a video', input({ input_type: 'video', image_url: `${media}/portrait.jpg` })],
    ['text as base64 image', input({ image_base64: `data:image/png;base64,${text}` })],
    ['no base64', input({ wav_base64: '&&&' })],
    [
      'an image as sound',
      input({
        wav_base64:
          'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
      }),
    ],
    ['a path that is not there', input({ image_path: '/my_volume/nowhere.png' })],
    ['a path out of the volume', input({ wav_path: '/my_volume/../../etc/passwd' })],
    ['a path of the server', input({ wav_path: '/etc/passwd' })],
    ['another scheme', input({ image_url: 'file:///etc/passwd' })],
    ['a private URL', input({ image_url: 'http://169.254.169.254/latest/meta-data' })],
    ['a private webhook', { input: {}, webhook: 'http://10.0.0.1/hook' }],
    ['a short executionTimeout', { input: {}, policy: { executionTimeout: 4999 } }],
    ['a short ttl', { input: {}, policy: { ttl: 1 } }],
    [
      's3Config on a server without a key for it',
      {
        input: {},
        s3Config: {
          accessId: 'a',
          accessSecret: 'b',
          bucketName: 'mine',
          endpointUrl: 'https://s3.example.com',
        },
      },
    ],
  ])('%s', async (_name, body) => {
    expectRefusal(await client.request('POST', '/run', body), 400);
  });

  it('another wait than documented', async () => {
    for (const wait of ['999', '300001', 'long'])
      expectRefusal(await client.request('POST', `/runsync?wait=${wait}`, { input: {} }), 400);
  });
});

describe('refused by endpoints of other kinds', () => {
  it.each([
    ['wan-t2v', {}],
    ['wan-t2v', { prompt: 'x', image: `${media}/portrait.jpg` }],
    ['wan-i2v', { prompt: 'x' }],
    ['latentsync', { video_url: `${media}/portrait.mp4` }],
    ['latentsync', { person_count: 'multi' }],
  ])('%s %j', async (endpoint, fields) => {
    const other = new RunpodClient(inject('baseUrl'), endpoint);
    expectRefusal(await other.request('POST', '/run', { input: fields }), 400);
  });
});

describe('found out later: a failed job with a reason', () => {
  it.each([
    ['missing', 'INPUT_UNREACHABLE'],
    ['redirect-to-private', 'INPUT_UNREACHABLE'],
    ['huge', 'INPUT_TOO_LARGE'],
    ['page', 'UNSUPPORTED_MEDIA'],
  ])('%s', async (path, errorCode) => {
    const id = await client.run({ image_url: `${media}/${path}`, width: 128, height: 128 });
    const failed = (await client.until(id)).at(-1)!;
    expect(failed).toMatchObject({ status: 'FAILED', errorCode, error: expect.any(String) as string });
    expect(failed).not.toHaveProperty('output');
  });

  it('may be tried again under the same id', async () => {
    const id = await client.run({ image_url: `${media}/missing`, width: 128, height: 128 });
    await client.until(id, ['FAILED']);
    expect(await client.ok('POST', `/retry/${id}`)).toEqual({ id, status: 'IN_QUEUE' });
    expect((await client.until(id)).at(-1)!).toMatchObject({ status: 'FAILED' });
  });
});

describe('ids and routes nobody knows', () => {
  const id = '00000000-0000-4000-8000-000000000000-u1';
  it.each([
    ['GET', `/status/${id}`],
    ['POST', `/status/${id}`],
    ['GET', `/status-sync/${id}`],
    ['GET', `/stream/${id}`],
    ['POST', `/cancel/${id}`],
    ['POST', `/retry/${id}`],
    ['GET', "/status/'%20OR%201=1--"],
    ['GET', '/status/%00'],
    ['GET', '/status/a/b/c'],
    ['POST', '/explode'],
  ])('%s %s', async (method, path) => {
    expectRefusal(await client.request(method, path), 404);
  });

  it('known paths with another method', async () => {
    expectRefusal(await client.request('GET', '/run'), 405);
    expectRefusal(await client.request('DELETE', `/status/${id}`), 405);
  });

  it('endpoint names with other characters', async () => {
    const other = new RunpodClient(inject('baseUrl'), 'a%20b');
    expectRefusal(await other.request('POST', '/run', { input: {} }), 404);
    expectRefusal(await other.request('GET', '/health'), 404);
  });
});
