import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { poll } from '../platform/poll.js';
import { longSpeech as long } from './long-speech.js';
import { RunpodClient, type JobReply } from './runpod-client.js';

const baseUrl = inject('baseUrl');
const endpointOf = (name: string) => new RunpodClient(baseUrl, name);

const short = { width: 128, height: 128, max_frame: 25 };
/** Keeps jobs in the queue while others run. */
const patient = { policy: { lowPriority: true } };

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

describe('cancel and purge', () => {
  it('end queued and running jobs, for good', async () => {
    const client = endpointOf('acceptance-cancel');
    const running = await client.run(long);
    await client.until(running, ['IN_PROGRESS']);
    const [queued, purged] = [await client.run(long, patient), await client.run(long, patient)];
    expect(await client.ok('POST', `/cancel/${queued}`)).toEqual({ id: queued, status: 'CANCELLED' });
    expect(await client.status(queued)).toEqual({ id: queued, status: 'CANCELLED' });
    expect(await client.ok('POST', '/purge-queue', '')).toEqual({ removed: 1, status: 'completed' });
    expect(await client.status(purged)).toEqual({ id: purged, status: 'CANCELLED' });
    expect((await client.status(running)).status).toBe('IN_PROGRESS');
    expect(await client.ok('POST', `/cancel/${running}`, {})).toEqual({ id: running, status: 'CANCELLED' });
    const last = (await client.until(running)).at(-1)!;
    expect(last).toMatchObject({ status: 'CANCELLED', executionTime: expect.any(Number) as number });
    expect(last).not.toHaveProperty('output');
    expect(await client.ok('POST', `/cancel/${running}`)).toEqual({ id: running, status: 'CANCELLED' });
    expect(await client.ok('GET', `/stream/${running}`)).toEqual({ status: 'CANCELLED', stream: [] });
    expect(await client.request('POST', `/retry/${running}`)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('FAILED or TIMED_OUT') as string },
    });
  });
});

describe('waiting', () => {
  it('holds runsync and status-sync until the end, and no longer than asked', async () => {
    const client = endpointOf('acceptance-wait');
    let job: JobReply | undefined;
    const held = await milliseconds(async () => {
      job = await client.ok('POST', '/runsync?wait=1000', { input: long });
    });
    expect(held).toBeGreaterThanOrEqual(1000);
    // Without a wish it would be 90 seconds.
    expect(held).toBeLessThan(60_000);
    expect(job!.id).toMatch(/^sync-/);
    expect(['IN_QUEUE', 'IN_PROGRESS']).toContain(job!.status);
    expect(await milliseconds(() => client.ok('POST', `/status-sync/${job!.id}?wait=1500`))).toBeGreaterThan(
      1500,
    );
    const waiting = client.ok('GET', `/status-sync/${job!.id}`);
    await client.ok('POST', `/cancel/${job!.id}`);
    expect(await waiting).toMatchObject({ id: job!.id, status: 'CANCELLED' });
  });

  it('streams progress while the job runs and an empty list afterwards', async () => {
    const client = endpointOf('acceptance-wait');
    const id = await client.run(long);
    // The engine may still be letting go of the job before, and send this one back into the queue for a moment.
    const replies = await poll(
      () => client.ok('GET', `/stream/${id}?wait=1000`) as Promise<JobReply & { stream?: unknown[] }>,
      ({ stream }) => stream?.length === 1,
    );
    expect(replies.at(-1)).toEqual({
      status: 'IN_PROGRESS',
      stream: [{ output: expect.objectContaining({ progress: expect.any(Number) as number }) as object }],
    });
    await client.ok('POST', `/cancel/${id}`);
    await client.until(id);
    expect(await client.ok('POST', `/stream/${id}`)).toEqual({ status: 'CANCELLED', stream: [] });
  });
});

describe('policy', () => {
  it('times a job out and runs it again on request, under the same id', async () => {
    const client = endpointOf('acceptance-policy');
    const id = await client.run(long, { policy: { executionTimeout: 5000 } });
    const last = (await client.until(id)).at(-1)!;
    expect(last).toMatchObject({
      status: 'TIMED_OUT',
      errorCode: 'EXECUTION_TIMEOUT',
      error: expect.any(String) as string,
    });
    expect(last.executionTime).toBeGreaterThanOrEqual(5000);
    expect(await client.ok('POST', `/retry/${id}`)).toEqual({ id, status: 'IN_QUEUE' });
    const again = await client.status(id);
    expect(['IN_QUEUE', 'IN_PROGRESS']).toContain(again.status);
    expect(again).not.toHaveProperty('error');
    await client.ok('POST', `/cancel/${id}`);
    expect((await client.until(id)).at(-1)!.status).toBe('CANCELLED');
  });

  it('forgets a job at the end of its time to live, whatever its state', async () => {
    const client = endpointOf('acceptance-policy');
    const id = await client.run(short, { policy: { ttl: 10_000 } });
    await poll(
      () => client.request('GET', `/status/${id}`),
      ({ status }) => status === 404,
    );
    for (const path of [`/cancel/${id}`, `/retry/${id}`])
      expect(await client.request('POST', path)).toMatchObject({
        status: 404,
        body: { error: 'job not found' },
      });
    expect(await client.ok('GET', '/requests')).not.toMatchObject({ requests: [{ id }] });
  });
});

describe('the time to live in a look at the status', () => {
  it('counts from then on, and never brings a job back', async () => {
    const client = endpointOf('acceptance-ttl');
    const id = await client.run(long);
    expect(await client.ok('GET', `/status/${id}?ttl=600000`)).toMatchObject({ id });
    const asked = performance.now();
    expect(await client.ok('POST', `/status/${id}?ttl=3000`)).toMatchObject({ id });
    await poll(
      () => client.request('GET', `/status/${id}`),
      ({ status }) => status === 404,
    );
    expect(performance.now() - asked).toBeGreaterThan(2_900);
    expect(await client.request('GET', `/status/${id}?ttl=600000`)).toMatchObject({
      status: 404,
      body: { error: 'job not found' },
    });
    // What ran was stopped as well, or it would keep the engine for minutes.
    const health = await poll(
      () => client.ok('GET', '/health') as unknown as Promise<{ jobs: Record<string, number> }>,
      ({ jobs }) => jobs.inProgress === 0 && jobs.inQueue === 0,
    );
    expect(health.at(-1)!.jobs.completed).toBe(0);
  });

  it('hides a finished job too', async () => {
    const client = endpointOf('acceptance-ttl');
    const { id } = await client.ok('POST', '/runsync?wait=240000', { input: short });
    expect(await client.ok('GET', `/status/${id}?ttl=1000`)).toMatchObject({ status: 'COMPLETED' });
    await poll(
      () => client.request('GET', `/status/${id}`),
      ({ status }) => status === 404,
    );
  });

  it('has the documented range', async () => {
    const client = endpointOf('acceptance-ttl');
    for (const ttl of ['0', '999', '604800001', 'long'])
      expect(await client.request('GET', `/status/x?ttl=${ttl}`)).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('ttl') as string },
      });
  });
});

describe('lowPriority', () => {
  it('lets jobs wait for others that came later', async () => {
    const client = endpointOf('acceptance-priority');
    const running = await client.run(long);
    await client.until(running, ['IN_PROGRESS']);
    const low: string[] = [];
    // The first few are on their way to the engine already when the other one comes.
    for (let count = 0; count < 6; count++) low.push(await client.run(short, patient));
    const normal = await client.run(short);
    await client.ok('POST', `/cancel/${running}`);
    for (const id of [normal, ...low]) await client.completed(id);
    const { requests } = (await client.ok('GET', '/requests')) as unknown as {
      requests: { id: string; createdAt: string; delayTime: number }[];
    };
    const start = (id: string) => {
      const job = requests.find((request) => request.id === id)!;
      return Date.parse(job.createdAt) + job.delayTime;
    };
    expect(low.slice(-3).filter((id) => start(id) < start(normal))).toEqual([]);
  });
});

describe('run', () => {
  it('acknowledges 10 MB of base64 within the three seconds the SDKs allow', async () => {
    const client = endpointOf('acceptance-large');
    const image = await readFile(join(inject('samples'), 'portrait.jpg'));
    // Noise does not compress and is a valid sound: 16-bit stereo at 48 kHz.
    const noise = randomBytes(7_000_000);
    const header = Buffer.from('UklGRgAAAABXQVZFZm10IBAAAAABAAIAgLsAAADuAgAEABAAZGF0YQAAAAA=', 'base64');
    header.writeUInt32LE(36 + noise.length, 4);
    header.writeUInt32LE(noise.length, 40);
    const wav_base64 = Buffer.concat([header, noise]).toString('base64');
    const input = { image_base64: image.toString('base64'), wav_base64, ...short };
    // The quickest of a few: a busy machine may hold up any of them, a server that is too slow holds up all.
    const ids: string[] = [];
    let quickest = Infinity;
    while (ids.length < 5 && quickest >= 3000)
      quickest = Math.min(quickest, await milliseconds(async () => ids.push(await client.run(input))));
    expect(quickest).toBeLessThan(3000);
    expect((await client.completed(ids[0]!)).at(-1)!).toMatchObject({ output: { width: 128 } });
  });
});

describe('endpoints', () => {
  it('tell their jobs and workers, and nothing of one another', async () => {
    const client = endpointOf('acceptance-health');
    const id = (await client.ok('POST', '/runsync?wait=240000', { input: short })).id;
    expect(await client.ok('GET', '/health')).toEqual({
      jobs: { completed: 1, failed: 0, inProgress: 0, inQueue: 0, retried: 0 },
      workers: {
        idle: expect.any(Number) as number,
        initializing: 0,
        ready: 1,
        running: expect.any(Number) as number,
        throttled: 0,
        unhealthy: 0,
      },
    });
    expect(await client.ok('GET', '/requests')).toEqual({
      requests: [expect.objectContaining({ id, status: 'COMPLETED' }) as object],
      hasMore: false,
    });
    const failing = { image_url: `${inject('mediaServer')}/missing`, ...short };
    const failed = await client.run(failing);
    await client.until(failed, ['FAILED']);
    await client.ok('POST', `/retry/${failed}`);
    await client.until(failed, ['FAILED']);
    expect(await client.ok('GET', '/health')).toMatchObject({
      jobs: { completed: 1, failed: 1, retried: 1 },
    });
    const page = await client.ok('GET', '/requests?limit=1');
    expect(page).toEqual({
      requests: [expect.objectContaining({ id: failed, status: 'FAILED' }) as object],
      hasMore: true,
    });
    expect(await client.ok('GET', `/requests?limit=1&after=${failed}`)).toMatchObject({ requests: [{ id }] });
    const other = endpointOf('acceptance-other');
    expect(await other.ok('GET', '/requests')).toEqual({ requests: [], hasMore: false });
    expect(await other.request('GET', `/status/${id}`)).toMatchObject({ status: 404 });
    expect(await other.request('POST', `/cancel/${id}`)).toMatchObject({ status: 404 });
    const elsewhere = await fetch(`${baseUrl}/v1/tasks/${id}/status`);
    expect(elsewhere.status).toBe(404);
  });
});
