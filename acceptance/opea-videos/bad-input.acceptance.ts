import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { writeTone } from '../platform/media.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { form, VideosClient, type Reply, type VideoReply } from './videos-client.js';

const client = new VideosClient(inject('baseUrl'));
const samples = inject('samples');
const portrait = join(samples, 'portrait.jpg');
const speech = join(samples, 'speech.wav');

const folder = await temporaryFolder();

async function file(name: string, content: Buffer | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** The documented error body and nothing else: no stack, no path of the server, no library name. */
function expectRefused({ status, body }: Reply, expected: number, message: string | RegExp = /\S/): void {
  expect({ status, body }).toEqual({
    status: expected,
    body: { error: { message: expect.stringMatching(message) as string, code: String(expected) } },
  });
  expect(JSON.stringify(body)).not.toMatch(
    /\/tmp\/|\/home\/|\/root\/|node_modules|\.ts:|\.js:|Prisma|ECONN|at [A-Z]\w+\./,
  );
}

const BOTH_NEEDED = /^Invalid parameter type: 'input_reference' and 'audio' must be provided\.$/;

describe('fields', () => {
  const int = (value: string) =>
    new RegExp(`^Invalid parameter type: invalid literal for int\\(\\) with base 10: '${value}'$`);
  it.each([
    ['seconds of zero', { seconds: '0' }, /'seconds' parameter must be greater than 0\.$/],
    ['negative seconds', { seconds: '-1' }, /'seconds' parameter must be greater than 0\.$/],
    ['seconds as a word', { seconds: 'abc' }, int('abc')],
    ['steps as a word', { steps: 'many' }, int('many')],
    ['a fraction of a step', { steps: '1.5' }, int('1.5')],
    ['no steps', { steps: '0' }, /steps/],
    ['far too many steps', { steps: '100000' }, /steps/],
    ['a scale as a word', { guide_scale: 'high' }, /could not convert string to float: 'high'$/],
    ['a scale that is not a number', { shift: 'NaN' }, /shift|float/],
    ['a negative seed', { seed: '-1' }, /seed/],
    ['a huge seed', { seed: '1e300' }, /seed|int/],
    ['no frames a second', { fps: '0' }, /fps/],
    ['an unknown audio type', { audio_type: 'both' }, /audio_type/],
    ['a size that is none', { size: 'large' }, /Invalid size format\. Expected 'widthxheight'\.$/],
    ['a huge size', { size: '99999x99999' }, /size/],
    ['an unknown model', { model: 'nobody' }, /model/],
    ['a logo nobody configured', { logo_video: 'True' }, /logo_video.*configured/],
    ['a terribly long prompt', { prompt: 'x'.repeat(40_000) }, /prompt/],
  ] as [string, Record<string, string>, RegExp][])('%s', async (_name, fields, message) => {
    const body = await form(fields, [
      ['input_reference', portrait],
      ['audio', speech],
    ]);
    expectRefused(await client.request('POST', '/v1/videos', body), 400, message);
  });

  it('in Chinese, as the document prints them, when the client reads Chinese', async () => {
    const body = await form({ seconds: '0' }, [
      ['input_reference', portrait],
      ['audio', speech],
    ]);
    const zh = { 'accept-language': 'zh-CN,zh;q=0.9' };
    const refused = await client.request('POST', '/v1/videos', body, zh);
    expectRefused(refused, 400, /^无效的参数类型：'seconds' 参数必须大于 0。$/);
    const unknown = await client.request('GET', '/v1/videos/video_1721105333_1234', undefined, zh);
    expectRefused(unknown, 404, /^ID 为 video_1721105333_1234 的视频未找到。$/);
  });
});

describe('media', () => {
  it('is missing, wrong, broken or too much', async () => {
    const jpeg = await readFile(portrait);
    const short = join(folder, 'short.wav');
    await writeTone(short, 0.05);
    const audio = ['audio', speech] as const;
    const image = ['input_reference', portrait] as const;
    const cases: [string, (readonly [string, string])[], RegExp?][] = [
      ['nothing', [], BOTH_NEEDED],
      ['no audio', [image], BOTH_NEEDED],
      ['no reference', [audio], BOTH_NEEDED],
      ['reference under another name', [['image', portrait], audio], BOTH_NEEDED],
      ['text named .png', [['input_reference', await file('text.png', 'not an image')], audio]],
      ['an empty image', [['input_reference', await file('empty.png', '')], audio]],
      ['a truncated image', [['input_reference', await file('cut.jpg', jpeg.subarray(0, 400))], audio]],
      ['audio that is an image', [image, ['audio', portrait]]],
      ['audio that is text', [image, ['audio', await file('text.wav', 'la la la')]]],
      ['an audio of 0.05 s', [image, ['audio', short]], /non-positive durations\.$/],
      ['three audios', [image, ...[1, 2, 3].map(() => ['audio[]', speech] as const)], /at most two/],
      ['two references', [image, image, audio], /exactly one/],
    ];
    for (const [name, files, message] of cases) {
      const reply = await client.request('POST', '/v1/videos', await form({ prompt: name }, files));
      expect([name, reply.status]).toEqual([name, 400]);
      expectRefused(reply, 400, message);
    }
  });

  it.each([
    ['a path out of the volume', '../../../etc/passwd'],
    ['a path that is not there', 'nowhere.png'],
    ['another scheme', 'file:///etc/passwd'],
    ['a private URL', 'http://169.254.169.254/latest/meta-data'],
    ['a loopback URL in disguise', 'http://0x7f.1/'],
    ['a URL with credentials', 'http://user:secret@example.com/a.png'],
    ['base64 of text', `data:image/png;base64,${Buffer.from('hello '.repeat(40)).toString('base64')}`],
    ['a file id', { file_id: 'file_1' }],
    ['a number', 7],
  ])('%s', async (_name, input_reference) => {
    const body = { input_reference, audio: 'examples/speech.wav' };
    expectRefused(await client.request('POST', '/v1/videos', body), 400);
  });
});

it.each(['audio', 'audio[]', 'audio_url'])('%s sent as text that is no media', async (field) => {
  const body = await form({ [field]: 'la la la' }, [['input_reference', portrait]]);
  expectRefused(await client.request('POST', '/v1/videos', body), 400, /audio|path/);
});

describe('bodies', () => {
  it.each([
    ['nothing', undefined, BOTH_NEEDED],
    ['an empty object', {}, BOTH_NEEDED],
    ['a prompt alone', { prompt: 'x' }, BOTH_NEEDED],
    ['broken JSON', '{"prompt": ', /JSON/],
    ['a list', '[]', /object/],
    ['text', '"prompt"', /object/],
  ] as [string, unknown, RegExp][])('%s', async (_name, body, message) => {
    expectRefused(await client.request('POST', '/v1/videos', body), 400, message);
  });

  it('a form that ends too early, and one without boundary', async () => {
    const half =
      '--x\r\nContent-Disposition: form-data; name="input_reference"; filename="a.png"\r\n\r\nhalf';
    for (const type of ['multipart/form-data; boundary=x', 'multipart/form-data']) {
      const reply = await client.request('POST', '/v1/videos', half, { 'content-type': type });
      expectRefused(reply, 400);
    }
  });

  it('text no database can hold is made harmless or refused, never a crash', async () => {
    const sdk = new VideosClient(inject('baseUrl'), { 'x-stainless-lang': 'js' });
    for (const prompt of ['nul \u0000 inside', 'half a pair \ud800', '__proto__']) {
      const body = { prompt, seconds: 1, size: '128x128', __proto__: { polluted: true } };
      const reply = await sdk.request('POST', '/v1/videos', JSON.stringify(body));
      expect([prompt, reply.status]).toSatisfy(([, status]) => status === 200 || status === 400);
      if (reply.status === 200) await sdk.request('DELETE', `/v1/videos/${(reply.body as VideoReply).id}`);
    }
  });

  it('something that is neither form nor JSON', async () => {
    const reply = await client.request('POST', '/v1/videos', '<a/>', { 'content-type': 'application/xml' });
    expectRefused(reply, 400);
  });
});

it('a form refused in the middle leaves the connection usable for the next request', async () => {
  const { hostname, port } = new URL(inject('baseUrl'));
  const boundary = 'polyreel';
  const part = (name: string, content: Buffer | string) =>
    Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="x"\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]);
  const body = Buffer.concat([
    part('input_reference', 'not an image'.repeat(1000)),
    part('audio', Buffer.alloc(1024 * 1024)),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  let answers = '';
  const answered = (status: number) =>
    vi.waitUntil(() => answers.includes(`HTTP/1.1 ${status} `), { timeout: 120_000 });
  socket.on('data', (text: string) => (answers += text));
  socket.write(
    `POST /v1/videos HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${body.length}\r\n` +
      `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n`,
  );
  socket.write(body);
  await answered(400);
  socket.write(`GET /v1/videos/video_1_1 HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  await answered(404);
});

describe('ids, routes and queries', () => {
  it.each([
    ['GET', '/v1/videos/video_1_1', 404],
    ['DELETE', '/v1/videos/video_1_1', 404],
    ['GET', '/v1/videos/video_1_1/content', 404],
    ['GET', '/v1/videos/%00', 404],
    ['GET', "/v1/videos/'%20OR%201=1--", 404],
    ['GET', '/v1/videos/..%2f..%2fetc%2fpasswd/content', 404],
    ['POST', '/v1/videos/video_1_1/remix', 404],
    ['GET', '/v1/videos/a/b/c', 404],
    ['GET', '/openai/v2/nothing', 404],
    ['GET', '/v1/videos?limit=0', 400],
    ['GET', '/v1/videos?limit=101', 400],
    ['GET', '/v1/videos?limit=-1', 400],
    ['GET', '/v1/videos?limit=ten', 400],
    ['GET', '/v1/videos?order=sideways', 400],
    ['GET', '/v1/videos?after=video_1_1', 404],
    ['GET', '/v1/videos/video_1_1/content?variant=gif', 400],
    ['PUT', '/v1/videos/video_1_1', 405],
    ['PATCH', '/v1/videos', 405],
  ] as [string, string, number][])('%s %s is %d', async (method, path, status) => {
    const reply = await client.request(method, path);
    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject({ error: { code: String(status) } });
  });

  it('a task of another dialect is not found here', async () => {
    const response = await fetch(`${inject('baseUrl')}/v1/tasks/video`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'waves', video_duration: 1, height: 128, width: 128 }),
    });
    const { task_id } = (await response.json()) as { task_id: string };
    expectRefused(await client.request('GET', `/v1/videos/${task_id}`), 404, /not found\.$/);
    expectRefused(await client.request('DELETE', `/v1/videos/${task_id}`), 404, /not found\.$/);
  });
});
