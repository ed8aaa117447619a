import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import runpodSdk from 'runpod-sdk';
import { describe, expect, inject, it } from 'vitest';
import { poll } from '../platform/poll.js';
import { longSpeech as long } from './long-speech.js';

const baseUrl = `${inject('baseUrl')}/v2`;
const short = { width: 128, height: 128, max_frame: 25 };

/** What the SDK really returns; its published types leave these out. */
interface SdkReply {
  readonly id: string;
  readonly status: string;
  readonly started: boolean;
  readonly completed: boolean;
  readonly succeeded: boolean;
  readonly output?: { readonly video_url: string };
}

describe('runpod-sdk (npm), unmodified', () => {
  const endpoint = (name: string) => runpodSdk('key', { baseUrl }).endpoint(name)!;

  it('runs a job and polls its status', async () => {
    const client = endpoint('infinitetalk');
    const { id, status } = await client.run({ input: short });
    expect(status).toBe('IN_QUEUE');
    const replies = await poll(
      async () => (await client.status(id)) as unknown as SdkReply,
      ({ completed }) => completed,
    );
    const done = replies.at(-1)!;
    expect(done).toMatchObject({ id, status: 'COMPLETED', started: true, succeeded: true });
    expect((await fetch(done.output!.video_url)).headers.get('content-type')).toBe('video/mp4');
  });

  it('waits a moment with runSync and for the rest with statusSync, streams and cancels', async () => {
    const client = endpoint('sdk-javascript');
    const unfinished = (await client.runSync({ input: long }, 1000)) as unknown as SdkReply;
    expect(unfinished).toMatchObject({ started: true, completed: false });
    const chunks: unknown[] = [];
    for await (const chunk of client.stream(unfinished.id, 1000)) chunks.push(chunk);
    expect(await client.cancel(unfinished.id)).toEqual({ id: unfinished.id, status: 'CANCELLED' });
    const ended = (await client.statusSync(unfinished.id, 240_000)) as unknown as SdkReply;
    expect(ended).toMatchObject({ status: 'CANCELLED', completed: true, succeeded: false });
    for (const chunk of chunks) expect(chunk).toHaveProperty('output.progress');
    const finished = (await client.runSync({ input: short }, 240_000)) as unknown as SdkReply;
    expect(finished).toMatchObject({ completed: true, succeeded: true });
  });

  it('purges the queue and reads the health', async () => {
    const client = endpoint('sdk-javascript-queue');
    const running = await client.run({ input: long });
    await poll(
      () => client.status(running.id),
      ({ status }) => status === 'IN_PROGRESS',
    );
    await client.run({ input: long, policy: { lowPriority: true } });
    expect(await client.health()).toMatchObject({ jobs: { inProgress: 1, inQueue: 1 } });
    expect(await client.purgeQueue()).toEqual({ removed: 1, status: 'completed' });
    await client.cancel(running.id);
    expect(await client.statusSync(running.id, 240_000)).toMatchObject({ status: 'CANCELLED' });
    expect(await client.health()).toMatchObject({ jobs: { inProgress: 0, inQueue: 0 } });
  });
});

describe('runpod (PyPI), unmodified', () => {
  it('does the same with its synchronous and its asyncio client', async () => {
    const { stdout } = await promisify(execFile)(
      inject('python'),
      [join(import.meta.dirname, 'runpod_client.py')],
      { env: { ...process.env, RUNPOD_ENDPOINT_BASE_URL: baseUrl } },
    );
    const seen = {
      status: 'COMPLETED',
      output: { width: 128, video_url: expect.stringMatching(/^http/) as string },
      streamed: [],
      cancelled: { status: 'CANCELLED' },
      after_cancel: 'CANCELLED',
      purged: { removed: 0, status: 'completed' },
      health: { jobs: { completed: expect.any(Number) as number }, workers: { ready: 1 } },
    };
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
      synchronous: {
        ...seen,
        run_sync: { width: 128 },
        refusal: expect.stringContaining('400') as string,
      },
      asynchronous: seen,
    });
  });
});
