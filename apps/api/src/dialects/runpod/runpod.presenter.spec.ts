import type { RegisteredEngine, Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { aTaskView } from '../../../test/a-task-view.js';
import { onTheWire } from '../../../test/on-the-wire.js';
import type { TaskView } from '../../tasks/task-view.js';
import cancelledReply from './__fixtures__/reply-cancelled.json' with { type: 'json' };
import completedReply from './__fixtures__/reply-completed.json' with { type: 'json' };
import healthReply from './__fixtures__/reply-health.json' with { type: 'json' };
import purgedReply from './__fixtures__/reply-purged.json' with { type: 'json' };
import queuedReply from './__fixtures__/reply-queued.json' with { type: 'json' };
import runningReply from './__fixtures__/reply-running.json' with { type: 'json' };
import {
  hasVanished,
  presentCancelled,
  presentHealth,
  presentJob,
  presentPurge,
  presentQueued,
  presentRequests,
  presentStream,
} from './runpod.presenter.js';

const publicId = '5d2f9f6c-6d3b-4d25-9c06-1b1f5f0c7a11-u1';
const createdAt = new Date('2026-01-01T00:00:00.000Z');
const startedAt = new Date(createdAt.getTime() + 824);
const finishedAt = new Date(startedAt.getTime() + 3391);

const viewOf = (task: Partial<Task>, view: Partial<TaskView> = {}) =>
  aTaskView({ publicId, dialect: 'runpod', createdAt, ...task }, view);

const ended = { startedAt, finishedAt };
const result = {
  role: 'result',
  objectKey: 'results/1/1/video.mp4',
  mediaType: 'video/mp4',
  bytes: 3,
  sha256: 'ab',
  facts: { durationSeconds: 1.2, width: 256, height: 256, fps: 25 },
} as const;

describe('replies', () => {
  it('have the documented envelopes', () => {
    expect(onTheWire(presentQueued({ publicId }))).toEqual(queuedReply);
    expect(onTheWire(presentJob(viewOf({}), {}))).toEqual(queuedReply);
    const { output, ...running } = onTheWire(presentJob(viewOf({ state: 'running', startedAt }), {}));
    expect(running).toEqual(runningReply);
    expect(output).toEqual({ progress: 0 });
    const done = viewOf({ publicId: `sync-${publicId}`, state: 'succeeded', ...ended });
    expect(onTheWire(presentJob(done, {}))).toEqual({ ...completedReply, output: {} });
    expect(onTheWire(presentCancelled(aTask({ publicId, state: 'cancelled' })))).toEqual(cancelledReply);
    expect(presentPurge(2)).toEqual(purgedReply);
  });

  it.each([
    [{ state: 'queued' }, 'IN_QUEUE'],
    [{ state: 'running', startedAt }, 'IN_PROGRESS'],
    [{ state: 'succeeded', ...ended }, 'COMPLETED'],
    [{ state: 'cancelled' }, 'CANCELLED'],
    [{ state: 'failed', error: { code: 'OUT_OF_MEMORY', text: 'Too large.' } }, 'FAILED'],
    [{ state: 'failed', error: { code: 'EXECUTION_TIMEOUT', text: 'Too long.' } }, 'TIMED_OUT'],
  ] as const)('of %j say %s and hold no null', (task, status) => {
    const reply = presentJob(viewOf(task), {});
    expect(reply).toMatchObject({ status });
    expect(JSON.stringify(reply)).not.toContain('null');
    expect(presentStream(viewOf(task))).toMatchObject({ status, stream: expect.any(Array) as unknown });
  });

  it('tell why a job failed', () => {
    const error = { code: 'INPUT_UNREACHABLE', text: 'The server answered 404.' } as const;
    expect(onTheWire(presentJob(viewOf({ state: 'failed', ...ended, error }), {}))).toEqual({
      delayTime: 824,
      executionTime: 3391,
      id: publicId,
      status: 'FAILED',
      error: error.text,
      errorCode: error.code,
    });
  });

  it('show progress as output while the job runs', () => {
    const running = { state: 'running', startedAt, progress: 0.5, stage: 'generating', step: 2, steps: 4 };
    const view = viewOf({ ...running } as Partial<Task>, { estimatedSeconds: 3.2 });
    const output = { progress: 0.5, stage: 'generating', step: 2, steps: 4, estimated_seconds: 4 };
    expect(onTheWire(presentJob(view, {})).output).toEqual(output);
    expect(onTheWire(presentStream(view)).stream).toEqual([{ output }]);
  });

  it('hold the video in every form that clients read', () => {
    const view = viewOf(
      { state: 'succeeded', ...ended, assets: [result], message: 'No face was found.' },
      { resultLink: 'https://s3.example/video.mp4', posterLink: 'https://s3.example/poster.jpg' },
    );
    const inline = { token: 'TOKEN', bytes: 3, open: () => neverRead() };
    const common = {
      video_url: 'https://s3.example/video.mp4',
      video_url_expires_at: '2026-01-01T01:00:00.000Z',
      thumbnail_url: 'https://s3.example/poster.jpg',
      duration: 1.2,
      width: 256,
      height: 256,
      fps: 25,
      size_bytes: 3,
      sha256: 'ab',
      message: 'No face was found.',
    };
    expect(onTheWire(presentJob(view, { inline })).output).toEqual({
      video: 'data:video/mp4;base64,TOKEN',
      video_base64: 'TOKEN',
      ...common,
    });
    expect(onTheWire(presentJob(view, { volumePath: '/runpod-volume/results/a.mp4' })).output).toEqual({
      video_path: '/runpod-volume/results/a.mp4',
      ...common,
    });
  });

  it("tell where the copy in the client's bucket lies", () => {
    const copy = { role: 'copy', sourceUrl: 'https://s3.example/mine/a.mp4' } as const;
    const view = viewOf({ state: 'succeeded', ...ended, assets: [result, copy] });
    expect(onTheWire(presentJob(view, {})).output).toMatchObject({ s3_url: copy.sourceUrl });
  });

  it('say CANCELLED while a running job stops, and the truth when it ended before', () => {
    expect(presentCancelled(aTask({ publicId, state: 'running' }))).toMatchObject({ status: 'CANCELLED' });
    expect(presentCancelled(aTask({ publicId, state: 'succeeded' }))).toMatchObject({ status: 'COMPLETED' });
  });

  it('forget jobs past their time to live', () => {
    const now = new Date();
    const past = new Date(now.getTime() - 1);
    expect(hasVanished(aTask({ deadline: past, state: 'succeeded' }), now)).toBe(true);
    expect(hasVanished(aTask({ state: 'failed', error: { code: 'EXPIRED', text: '' } }), now)).toBe(true);
    expect(hasVanished(aTask({ deadline: new Date(now.getTime() + 1) }), now)).toBe(false);
    const tasks = [aTask({ publicId, createdAt }), aTask({ deadline: past })];
    expect(onTheWire(presentRequests({ tasks, hasMore: false }, now))).toEqual({
      requests: [{ id: publicId, status: 'IN_QUEUE', createdAt: createdAt.toISOString() }],
      hasMore: false,
    });
  });

  it('count jobs and the workers that can run them', () => {
    const engine = (state: RegisteredEngine['state'], model = 'it'): RegisteredEngine => ({
      engine: 'preview',
      version: '1',
      models: [{ name: model, kinds: [{ kind: 'talk', inputs: [], parameters: [] }] }],
      device: 'cpu',
      slots: 1,
      state,
      message: '',
      address: 'localhost:1',
      lastSeenAt: createdAt,
    });
    const counts = { queued: 2, running: 0, succeeded: 1, failed: 5, cancelled: 9 };
    const talk = { kind: 'talk', model: 'it' } as const;
    expect(presentHealth({ ...counts, retried: 0 }, [engine('ready', 'other')], talk)).toEqual(healthReply);
    const engines = (['ready', 'busy', 'loading', 'draining', 'failed'] as const).map((state) =>
      engine(state),
    );
    expect(presentHealth({ ...counts, retried: 3 }, engines, talk)).toMatchObject({
      jobs: { retried: 3 },
      workers: { idle: 1, initializing: 1, ready: 2, running: 1, throttled: 1, unhealthy: 1 },
    });
  });
});

async function* neverRead(): AsyncGenerator<Uint8Array> {
  yield await Promise.reject(new Error('Presenters do not read.'));
}
