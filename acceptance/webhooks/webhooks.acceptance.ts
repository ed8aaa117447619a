import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Platform } from '../platform/platform.js';
import { poll } from '../platform/poll.js';
import { RunpodClient, type JobReply } from '../runpod/runpod-client.js';
import { Receiver, type Received } from './receiver.js';

const media = inject('mediaServer');
const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const [secret, formerSecret] = [newSecret(), newSecret()];

let receiver: Receiver;
let silent: Receiver;
let platform: Platform;
let endpoint: RunpodClient;

beforeAll(async () => {
  [receiver, silent] = await Promise.all([Receiver.start(), Receiver.start()]);
  platform = await Platform.start({
    FETCH_ALLOW_HOSTS: [receiver.host, silent.host, new URL(media).host].join(','),
    WEBHOOK_URL: `http://${receiver.host}/events`,
    WEBHOOK_SECRET: `${secret},${formerSecret}`,
  });
  endpoint = new RunpodClient(platform.baseUrl, 'wan-t2v');
});
afterAll(async () => {
  await platform.stop();
  receiver.stop();
  silent.stop();
});

const input = { prompt: 'waves', size: '128*128', duration: 1 };
const run = (webhook: string, more: object = {}) => endpoint.run({ ...input, ...more }, { webhook });
const jobIn = ({ text }: Received) => JSON.parse(text) as JobReply;

/** Tries that failed and will be repeated, as the API counts them. */
async function failedTries(): Promise<number> {
  const metrics = await (await fetch(`${platform.baseUrl}/metrics`)).text();
  return Number(/^polyreel_webhook_tries_total\{outcome="failed"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

/** A job that ends at once, without a video. */
async function cancelled(webhook: string): Promise<string> {
  const id = await run(webhook, { duration: 60 });
  await endpoint.ok('POST', `/cancel/${id}`);
  return id;
}

describe('RunPod webhooks', () => {
  it('bring the whole envelope of a completed job', async () => {
    const webhook = receiver.on('/completed?token=1');
    const id = await run(webhook);
    const [message] = await receiver.received('/completed?token=1');
    const job = jobIn(message!);
    expect(message).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
    expect(job).toEqual({
      ...(await endpoint.status(id)),
      output: expect.any(Object) as object,
      input,
      webhook,
    });
    expect(job).toMatchObject({ id, status: 'COMPLETED', executionTime: expect.any(Number) as number });
    const { video, video_url } = job.output as { video: string; video_url: string };
    const linked = Buffer.from(await (await fetch(video_url)).arrayBuffer());
    expect(video).toBe(`data:video/mp4;base64,${linked.toString('base64')}`);
    expect(receiver.at('/completed?token=1')).toHaveLength(1);
  });

  it('tell of failed and cancelled jobs as well', async () => {
    const lost = { image: `${media}/missing`, prompt: 'x', size: '128*128', duration: 1 };
    const i2v = new RunpodClient(platform.baseUrl, 'wan-i2v');
    const failed = await i2v.run(lost, { webhook: receiver.on('/failed') });
    const stopped = await cancelled(receiver.on('/cancelled'));
    expect(jobIn((await receiver.received('/failed'))[0]!)).toMatchObject({
      id: failed,
      status: 'FAILED',
      error: expect.stringMatching(/./) as string,
      input: { prompt: 'x' },
    });
    const job = jobIn((await receiver.received('/cancelled'))[0]!);
    expect(job).toMatchObject({ id: stopped, status: 'CANCELLED' });
    expect(job).not.toHaveProperty('output');
  });

  it('are tried three times, ten seconds apart, and never follow a redirect', async () => {
    const redirect = (status: number) => (response: ServerResponse) =>
      response.writeHead(status, { location: `http://${receiver.host}/trap` }).end();
    const [flaky, moved, gone] = await Promise.all([
      cancelled(receiver.on('/flaky', 500, 503)),
      cancelled(receiver.on('/moved', redirect(301), redirect(307), redirect(308))),
      cancelled(receiver.on('/gone', 410)),
    ]);
    const tries = await receiver.received('/flaky', 3);
    expect(tries.map((message) => jobIn(message).id)).toEqual([flaky, flaky, flaky]);
    const moves = await receiver.received('/moved', 3);
    expect(moves.map((message) => jobIn(message).id)).toEqual([moved, moved, moved]);
    for (const { at: later, before } of [tries, moves].flatMap(pauses)) {
      expect(later - before).toBeGreaterThanOrEqual(9.9);
      // Much longer, and it is not the ten seconds that are waited for.
      expect(later - before).toBeLessThan(30);
    }
    expect(receiver.at('/trap')).toEqual([]);
    expect(receiver.at('/gone').map((message) => jobIn(message).id)).toEqual([gone]);
  });

  it('survive a kill -9 of the API between two tries', async () => {
    const before = await failedTries();
    const id = await cancelled(receiver.on('/survivor', 500));
    // The answer alone does not say that it was written down; without that the try would be repeated by its lease.
    await poll(failedTries, (count) => count > before);
    platform.kill('api');
    const [first, second] = await receiver.received('/survivor', 2);
    expect([jobIn(first!).id, jobIn(second!).id]).toEqual([id, id]);
    // Sooner than its lease of a minute ends.
    expect(second!.at - first!.at).toBeLessThan(55);
  });

  it('come although another receiver never answers', async () => {
    const forever = Array.from({ length: 20 }, () => () => undefined);
    const hanging = silent.on('/hang', ...forever);
    await Promise.all(forever.map(() => cancelled(hanging)));
    await silent.received('/hang', 8);
    const begin = performance.now();
    await cancelled(receiver.on('/prompt'));
    await receiver.received('/prompt');
    // Sooner than the first of those is given up.
    expect(performance.now() - begin).toBeLessThan(14_000);
    expect(silent.at('/hang').length).toBeLessThan(20);
  });

  it.each([
    'http://10.0.0.1/hook',
    'http://169.254.169.254/latest/',
    'http://localhost:1/hook',
    'http://[::ffff:127.0.0.1]/hook',
    'file:///etc/passwd',
    'https://user:password@example.com/',
    'hook',
  ])('are refused at once to %s', async (webhook) => {
    const reply = await endpoint.request('POST', '/run', { input, webhook });
    expect([reply.status, reply.body]).toEqual([400, { error: expect.any(String) as string }]);
  });
});

describe('the events of /v1/videos', () => {
  const client = () => new OpenAI({ apiKey: 'none', baseURL: `${platform.baseUrl}/v1` });
  const about = (id: string) => (message: Received) => message.text.includes(`"${id}"`);
  const unwrap = ({ text, headers }: Received, key: string) => client().webhooks.unwrap(text, headers, key);

  it("are taken by OpenAI's SDK for JavaScript as its own, with the new key and the former one", async () => {
    const { id } = await client().videos.create({
      prompt: 'waves',
      seconds: '1',
      size: '128x128',
    } as unknown as OpenAI.VideoCreateParams);
    const [message] = await receiver.received('/events', 1, about(id));
    for (const key of [secret, formerSecret])
      expect(await unwrap(message!, key)).toEqual({
        id: `evt_${message!.headers['webhook-id']}`,
        object: 'event',
        created_at: expect.any(Number) as number,
        type: 'video.completed',
        data: { id },
      });
    await expect(unwrap(message!, newSecret())).rejects.toThrow();
    await expect(
      unwrap({ ...message!, text: message!.text.replace('video_', 'video-') }, secret),
    ).rejects.toThrow();
    const { status } = await client().videos.retrieve(id);
    expect(status).toBe('completed');
  });

  it('are tried again after five seconds under the same id, with a new signature', async () => {
    receiver.on('/events', 500);
    const { id } = await client().videos.create({
      prompt: 'x',
      input_reference: { image_url: `${media}/missing` },
    });
    const [first, second] = await receiver.received('/events', 2, about(id));
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(4.9);
    // The try after this one would come after minutes.
    expect(second!.at - first!.at).toBeLessThan(30);
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(second!.headers['webhook-timestamp']).not.toBe(first!.headers['webhook-timestamp']);
    expect(await unwrap(second!, secret)).toMatchObject({ type: 'video.failed', data: { id } });
  });
});

function pauses(messages: readonly Received[]): { at: number; before: number }[] {
  return messages.slice(1).map(({ at }, index) => ({ at, before: messages[index]!.at }));
}
