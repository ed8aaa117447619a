import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Platform } from '../platform/platform.js';
import { poll } from '../platform/poll.js';
import { Receiver } from '../webhooks/receiver.js';
import { RunpodClient, type JobReply } from './runpod-client.js';

/*
 * What needs a server with settings of its own: a receiver of webhooks beside
 * it, a bucket of the client's, smaller bodies, and named endpoints.
 */
const root = resolve(import.meta.dirname, '../..');
const input = { prompt: 'waves', size: '128*128', duration: 1 };

let receiver: Receiver;
let platform: Platform;
let client: RunpodClient;
/** The S3 server of the platform serves as the client's own as well; its bucket is another one. */
let s3Config: { accessId: string; accessSecret: string; bucketName: string; endpointUrl: string };
let secrets: Record<'postgresPassword' | 's3AccessKeyId' | 's3SecretAccessKey', string>;

beforeAll(async () => {
  receiver = await Receiver.start();
  platform = await Platform.start(
    {
      FETCH_ALLOW_HOSTS: `${receiver.host},127.0.0.1`,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      RUNPOD_RUN_BYTES: '20000',
      RUNPOD_RUNSYNC_BYTES: '40000',
    },
    async (dataDir) => void (await mkdir(join(dataDir, 's3/of-the-client'), { recursive: true })),
  );
  client = new RunpodClient(platform.baseUrl, 'wan-t2v');
  secrets = JSON.parse(await readFile(join(platform.dataDir, 'secrets.json'), 'utf8')) as typeof secrets;
  s3Config = {
    accessId: secrets.s3AccessKeyId,
    accessSecret: secrets.s3SecretAccessKey,
    bucketName: 'of-the-client',
    endpointUrl: `http://127.0.0.1:${platform.child('s3')!.port}`,
  };
});
afterAll(async () => {
  await platform.stop();
  receiver.stop();
});

const jobIn = ({ text }: { readonly text: string }) => JSON.parse(text) as JobReply;
const inBucket = (key: string) => join(platform.dataDir, 's3/of-the-client', key);

describe('network_volume', () => {
  it('has its copy when the webhook is all that asks for it', async () => {
    const webhook = receiver.on('/volume');
    const id = await client.run({ ...input, network_volume: true }, { webhook });
    const job = jobIn((await receiver.received('/volume'))[0]!);
    expect(job).toMatchObject({
      id,
      status: 'COMPLETED',
      output: { video_path: `/runpod-volume/results/${id}.mp4` },
      input: { network_volume: true },
    });
    expect(job.output).not.toHaveProperty('video');
    const linked = Buffer.from(await (await fetch(job.output!.video_url as string)).arrayBuffer());
    const onDisk = join(platform.dataDir, 's3/polyreel/volume/results', `${id}.mp4`);
    const [content] = (await poll(() => readFile(onDisk).catch(() => undefined), Boolean)).slice(-1);
    expect(content?.equals(linked)).toBe(true);
  });
});

describe('s3Config', () => {
  it('brings the result into the bucket of the client, and its secrets nowhere', async () => {
    const webhook = receiver.on('/copied');
    const wish = { ...s3Config, objectPath: 'videos/' };
    const id = await client.run(input, { s3Config: wish, webhook });
    const told = await receiver.received('/copied');
    const job = (await client.completed(id)).at(-1)!;
    expect(job.output).toMatchObject({ s3_url: `${s3Config.endpointUrl}/of-the-client/videos/${id}.mp4` });
    expect(jobIn(told[0]!).output).toMatchObject({ s3_url: job.output!.s3_url });
    const linked = Buffer.from(await (await fetch(job.output!.video_url as string)).arrayBuffer());
    const copies = await poll(() => readFile(inBucket(`videos/${id}.mp4`)).catch(() => undefined), Boolean);
    expect(copies.at(-1)!.equals(linked)).toBe(true);
    const shown = JSON.stringify([job, told, await client.ok('GET', '/requests')]) + platform.log;
    expect(shown).not.toContain(secrets.s3SecretAccessKey);
  });

  it('that the bucket refuses does not lose the result', async () => {
    const wish = { ...s3Config, accessSecret: 'wrong' };
    const done = await client.ok('POST', '/runsync?wait=240000', { input, s3Config: wish });
    expect(done).toMatchObject({
      status: 'COMPLETED',
      output: {
        message: expect.stringContaining('not copied into the bucket of s3Config: it answered 403') as string,
        video_url: expect.stringMatching(/^http/) as string,
      },
    });
    expect(done.output).not.toHaveProperty('s3_url');
  });

  it('is refused when it is not whole', async () => {
    for (const wish of [{ bucketName: 'mine' }, { ...s3Config, endpointUrl: 'http://10.0.0.1' }])
      expect(await client.request('POST', '/run', { input, s3Config: wish })).toMatchObject({
        status: 400,
        body: { error: expect.any(String) as string },
      });
  });
});

describe('payload limits', () => {
  it.each([
    ['/run', 15_000, 200],
    ['/run', 25_000, 413],
    ['/runsync?wait=1000', 35_000, 200],
    ['/runsync?wait=1000', 45_000, 413],
  ])('%s with %i bytes is %i', async (path, bytes, status) => {
    const prompt = 'x'.repeat(100);
    const padding = 'y'.repeat(bytes - 200);
    const reply = await client.request('POST', path, { input: { ...input, prompt }, padding });
    expect(reply.status).toBe(status);
    if (status === 413) expect(reply.body).toEqual({ error: expect.stringContaining('too large') as string });
    else await client.ok('POST', `/cancel/${(reply.body as JobReply).id}`);
  });
});

describe('endpoints named by the operator', () => {
  /** The command, as an operator types it. */
  async function endpoint(...args: readonly string[]) {
    const port = platform.child('postgres')!.port;
    const env = {
      ...process.env,
      DATABASE_URL: `postgresql://polyreel:${secrets.postgresPassword}@127.0.0.1:${port}/polyreel`,
      REDIS_URL: 'redis://127.0.0.1:1',
      S3_ENDPOINT: s3Config.endpointUrl,
      S3_ACCESS_KEY_ID: s3Config.accessId,
      S3_SECRET_ACCESS_KEY: s3Config.accessSecret,
    };
    const command = join(root, 'apps/api/dist/name-endpoint.js');
    return (await promisify(execFile)(process.execPath, [command, ...args], { env })).stdout;
  }

  it('run their kind and model with their defaults, within seconds', async () => {
    const sea = new RunpodClient(platform.baseUrl, 'sea');
    const defaults = { prompt: 'waves', width: 144, height: 96, seconds: 1 };
    await endpoint(
      '--name',
      'sea',
      '--kind',
      't2v',
      '--model',
      'preview',
      '--defaults',
      JSON.stringify(defaults),
    );
    expect(JSON.parse(await endpoint())).toEqual({ name: 'sea', kind: 't2v', model: 'preview', defaults });
    // Until it is seen, the name makes talking videos, which have an image of their own.
    const replies = await poll(
      () => sea.request('POST', '/run', { input: { width: 128 } }),
      ({ status }) => status === 200,
    );
    await sea.ok('POST', '/purge-queue');
    expect(replies.at(-1)!.status).toBe(200);
    const done = await poll(
      () => sea.ok('POST', '/runsync?wait=240000', { input: { width: 128 } }),
      ({ output }) => output?.height === 96,
    );
    expect(done.at(-1)).toMatchObject({
      status: 'COMPLETED',
      output: { width: 128, height: 96, duration: 1 },
    });
    expect(await sea.ok('GET', '/health')).toMatchObject({ workers: { ready: 1 } });
    await endpoint('--name', 'sea', '--remove');
    expect(await endpoint()).toBe('');
  });

  it.each([
    [['--name', 'a b', '--kind', 't2v', '--model', 'x']],
    [['--name', 'a', '--kind', 'music', '--model', 'x']],
    [['--name', 'a', '--kind', 't2v']],
    [['--name', 'a', '--kind', 't2v', '--model', 'x', '--defaults', '[1']],
    [['--name', 'a', '--kind', 't2v', '--model', 'x', '--defaults', '{"steps":[1]}']],
    [['--name', 'nobody', '--remove']],
  ])('are refused as %j', async (args) => {
    await expect(endpoint(...args)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Usage') as string,
    });
  });
});
