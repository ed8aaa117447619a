import {
  aTaskToCreate,
  ManualClock,
  MemoryEngineRegistry,
  MemoryMediaIntake,
  MemoryObjectStore,
  MemoryTaskEvents,
  MemoryTaskStore,
  samplePng,
  sampleWav,
  scriptedDescription,
} from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { IdempotencyKeyReusedError } from '../ports/idempotency.js';
import { QueueFullError } from '../ports/task-store.js';
import { ModelCatalog } from './model-catalog.js';
import type { Submission, SubmittedInput } from './submission.js';
import { TaskService } from './task-service.js';

const scope = { tenant: 'acme', dialect: 'lightx2v' } as const;
const clock = new ManualClock();

let store: MemoryTaskStore;
let objects: MemoryObjectStore;
let intake: MemoryMediaIntake;
let events: MemoryTaskEvents;
let registry: MemoryEngineRegistry;
let service: TaskService;

beforeEach(() => {
  store = new MemoryTaskStore(clock.now);
  objects = new MemoryObjectStore();
  intake = new MemoryMediaIntake();
  events = new MemoryTaskEvents();
  registry = new MemoryEngineRegistry(clock.now);
  service = new TaskService(store, objects, intake, events, new ModelCatalog(registry), {
    maxAttempts: 3,
    queueLimit: 2,
  });
});

function submission(inputs: readonly SubmittedInput[], over: Partial<Submission> = {}): Submission {
  const { id: _id, assets: _assets, maxAttempts: _max, ...row } = aTaskToCreate();
  return { ...row, inputs, ...over };
}

const base64 = (bytes: Buffer) => ({ type: 'base64', text: bytes.toString('base64') }) as const;
const portrait = (): SubmittedInput => ({ role: 'image', source: base64(samplePng()) });
const speech = (): SubmittedInput => ({ role: 'audio', source: base64(sampleWav()) });

describe('submit', () => {
  it('stores the inputs, writes one row and leaves no temporary file', async () => {
    const task = await service.submit(submission([portrait(), speech()]));
    expect(task.state).toBe('queued');
    expect(task.assets.map(({ role, mediaType }) => [role, mediaType])).toEqual([
      ['image', 'image/png'],
      ['audio', 'audio/wav'],
    ]);
    expect([...objects.keys()].sort()).toEqual([`inputs/${task.id}/audio`, `inputs/${task.id}/image`]);
    expect(intake.undiscarded).toBe(0);
  });

  it('takes media that were received before, and tells a video reference by its content', async () => {
    intake.probeAs('image/png', { width: 8, height: 8 });
    const media = await intake.receive('image', 'reference', {
      type: 'stream',
      content: (async function* () {
        yield samplePng();
      })(),
    });
    const task = await service.submit(submission([{ role: 'image', media }, speech()]));
    expect(task.assets[0]).toMatchObject({ role: 'image', facts: { width: 8 } });
    expect(intake.undiscarded).toBe(0);
  });

  it('keeps a foreign URL for the worker and reads nothing', async () => {
    const url = 'https://media.example.com/speech.wav';
    const task = await service.submit(
      submission([portrait(), { role: 'audio', source: { type: 'url', url } }]),
    );
    expect(task.assets.find(({ role }) => role === 'audio')).toEqual({ role: 'audio', sourceUrl: url });
  });

  it.each([
    ['nothing', [], 'needs an image or a video, and an audio'],
    ['no audio', [portrait()], 'needs an image or a video, and an audio'],
    ['image and video', [portrait(), { ...portrait(), role: 'video' }, speech()], 'Give only one'],
    ['two images', [portrait(), portrait(), speech()], 'more than once'],
    ['a last image', [portrait(), speech(), { ...portrait(), role: 'last_image' }], 'takes no last image'],
    [
      'private URL',
      [portrait(), { role: 'audio', source: { type: 'url', url: 'http://127.0.0.1/' } }],
      'private',
    ],
    [
      'absent object',
      [portrait(), { role: 'audio', objectKey: 'volume/none.wav' }],
      'no audio at the given path',
    ],
    ['text as audio', [portrait(), { role: 'audio', source: base64(Buffer.from('hello')) }], ''],
    ['image as audio', [portrait(), { role: 'audio', source: base64(samplePng()) }], ''],
  ] as [string, SubmittedInput[], string][])(
    'refuses %s and leaves nothing behind',
    async (_name, inputs, text) => {
      await expect(service.submit(submission(inputs))).rejects.toThrow(text);
      expect(objects.keys()).toEqual([]);
      expect(intake.undiscarded).toBe(0);
      expect((await store.list(scope, { order: 'oldest-first', limit: 10 })).tasks).toEqual([]);
    },
  );

  it('removes the stored inputs when the queue is full', async () => {
    await service.submit(submission([portrait(), speech()]));
    await service.submit(submission([portrait(), speech()], { publicId: 'second' }));
    const stored = objects.keys().length;
    await expect(service.submit(submission([portrait(), speech()], { publicId: 'third' }))).rejects.toThrow(
      QueueFullError,
    );
    expect(objects.keys()).toHaveLength(stored);
    expect(intake.undiscarded).toBe(0);
  });

  it('refuses parameters the model cannot take, when an engine has described it', async () => {
    await registry.report('engine', scriptedDescription);
    const asked = (fps: number) =>
      service.submit(submission([portrait(), speech()], { model: 'scripted', parameters: { fps } }));
    await expect(asked(1000)).rejects.toThrow('fps must be at most 60');
    await expect(asked(25)).resolves.toMatchObject({ state: 'queued' });
  });
});

describe('submit with an idempotency key', () => {
  const options = { idempotency: { key: 'key-1', route: '/v1/tasks/video' } };
  const request = (over: Partial<Submission> = {}) => {
    const drawn = { publicId: `task-${Math.random()}`, seedDrawn: true };
    return submission([portrait(), speech()], { ...drawn, parameters: { seed: Math.random() }, ...over });
  };
  const countTasks = async () => (await store.list(scope, { order: 'oldest-first', limit: 10 })).tasks.length;

  it('gives a repeated request the first task, and stores nothing for it', async () => {
    const first = await service.submit(request(), options);
    const stored = objects.keys();
    expect((await service.submit(request(), options)).id).toBe(first.id);
    expect(objects.keys()).toEqual(stored);
    expect(intake.undiscarded).toBe(0);
    expect(await countTasks()).toBe(1);
  });

  it('makes one task of twenty requests at once and removes the uploads of the others', async () => {
    const many = Array.from({ length: 20 }, () => service.submit(request(), options));
    expect(new Set((await Promise.all(many)).map(({ id }) => id)).size).toBe(1);
    expect(objects.keys()).toHaveLength(2);
    expect(intake.undiscarded).toBe(0);
  });

  it('repeats even when the queue is full or the model has changed its mind', async () => {
    const first = await service.submit(request({ model: 'scripted', parameters: { fps: 1000 } }), options);
    await service.submit(request());
    await registry.report('engine', scriptedDescription);
    const again = request({ model: 'scripted', parameters: { fps: 1000 } });
    expect((await service.submit(again, options)).id).toBe(first.id);
  });

  it.each<[string, Partial<Submission>]>([
    ['parameters', { parameters: { seed: 1, steps: 9 } }],
    ['a seed the client named', { seedDrawn: false, parameters: { seed: 1 } }],
    ['another request', { request: { task_id: 'mine' } }],
    ['other extras', { extras: { save_result_path: 'x' } }],
    ['another webhook', { webhookUrl: 'https://client.example/hook' }],
    ['another sound', { inputs: [portrait(), { role: 'audio', source: base64(sampleWav(2)) }] }],
    [
      'a URL',
      { inputs: [portrait(), { role: 'audio', source: { type: 'url', url: 'https://a.example/' } }] },
    ],
  ])('refuses the key for %s and leaves nothing behind', async (_name, over) => {
    await service.submit(request(), options);
    const stored = objects.keys();
    await expect(service.submit(request(over), options)).rejects.toThrow(IdempotencyKeyReusedError);
    expect(objects.keys()).toEqual(stored);
    expect(intake.undiscarded).toBe(0);
    expect(await countTasks()).toBe(1);
  });

  it('takes the same fields in another order, and the same media in another wrapping, as the same', async () => {
    const first = await service.submit(request({ request: { a: 1, b: { c: 2, d: 3 } } }), options);
    const media = await intake.receive('image', 'reference', base64(samplePng()));
    const again = request({
      request: { b: { d: 3, c: 2 }, a: 1 },
      inputs: [speech(), { role: 'image', media }],
    });
    expect((await service.submit(again, options)).id).toBe(first.id);
    expect(intake.undiscarded).toBe(0);
  });
});

describe('waitForEnd', () => {
  it('returns as soon as the task has ended', async () => {
    const task = await service.submit(submission([portrait(), speech()]));
    const waiting = service.waitForEnd(scope, task.publicId, 60_000);
    await service.cancel(scope, task.publicId);
    expect((await waiting)?.state).toBe('cancelled');
    expect(events.listenedTasks).toEqual([]);
  });

  it('returns the present state when the caller goes away', async () => {
    const task = await service.submit(submission([portrait(), speech()]));
    const gone = new AbortController();
    const waiting = service.waitForEnd(scope, task.publicId, 60_000, gone.signal);
    gone.abort();
    expect((await waiting)?.state).toBe('queued');
  });

  it('knows nothing of tasks of another tenant', async () => {
    const task = await service.submit(submission([portrait(), speech()]));
    expect(await service.waitForEnd({ ...scope, tenant: 'other' }, task.publicId, 1_000)).toBeUndefined();
  });
});

describe('delete', () => {
  it('removes an ended task with its objects and leaves unfinished ones alone', async () => {
    const task = await service.submit(submission([portrait(), speech()]));
    expect(await service.delete(scope, task.publicId)).toBeUndefined();
    await service.cancel(scope, task.publicId);
    expect((await service.delete(scope, task.publicId))?.id).toBe(task.id);
    expect(objects.keys()).toEqual([]);
    expect(await service.find(scope, task.publicId)).toBeUndefined();
  });
});
