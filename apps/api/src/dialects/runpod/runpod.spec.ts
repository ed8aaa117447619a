import 'reflect-metadata';
import {
  copyPlaceOf,
  SecretBox,
  secretsOwner,
  type Endpoint,
  type InputRole,
  type RegisteredEngine,
  type Submission,
  type SubmittedInput,
  type Task,
} from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes } from '../../http/api-error.js';
import type { TaskView } from '../../tasks/task-view.js';
import { runpodErrors } from './runpod.errors.js';
import { fromJobRequest, type InboundContext } from './runpod.inbound.js';
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
import { checkedName, endpointOf, secondsToLive } from './runpod.request.js';

const fixture = (name: string): object =>
  JSON.parse(readFileSync(new URL(`./__fixtures__/${name}.json`, import.meta.url), 'utf8')) as object;

/** A reply as a client reads it: undefined fields are absent. */
const onTheWire = (reply: object): Record<string, unknown> =>
  JSON.parse(JSON.stringify(reply)) as Record<string, unknown>;

const publicId = '5d2f9f6c-6d3b-4d25-9c06-1b1f5f0c7a11-u1';
const createdAt = new Date('2026-01-01T00:00:00.000Z');
const startedAt = new Date(createdAt.getTime() + 824);
const finishedAt = new Date(startedAt.getTime() + 3391);

const sealingKey = Buffer.alloc(32, 3);
const models = { talk: 'it', lipsync: 'ls', t2v: 'wan', i2v: 'wan' };

describe('endpoints', () => {
  it.each([
    ['infinitetalk', 'talk'],
    ['latentsync', 'lipsync'],
    ['wan-t2v', 't2v'],
    ['wan-i2v', 'i2v'],
    ['t2v', 't2v'],
    ['4abc1xyz0_-', 'talk'],
    ['constructor', 'talk'],
  ])('%s makes %s', (name, kind) => {
    const model = models[kind as keyof typeof models];
    expect(endpointOf(name, undefined, models)).toEqual({ name, kind, model, defaults: {} });
  });

  it('are what the operator says, also under a name with a meaning', () => {
    const named = { name: 'talk', kind: 't2v', model: 'wan-large', defaults: { steps: 4 } } as const;
    expect(endpointOf('talk', named, models)).toBe(named);
  });

  it.each(['', 'a b', 'a/b', '..', 'ü', 'x'.repeat(65)])('refuses %j', (name) => {
    expect(() => checkedName(name)).toThrow(ApiError);
  });
});

const sample = (role: InputRole, name: string): SubmittedInput => ({
  role,
  objectKey: `sample of ${name}`,
});

function contextOf(endpoint = 'infinitetalk', named?: Endpoint): InboundContext {
  return {
    tenant: 'acme',
    endpoint: endpointOf(endpoint, named, models),
    volume: { roots: ['/runpod-volume', '/my_volume'], prefix: 'volume/' },
    samples: { input: sample },
    secrets: new SecretBox([sealingKey]),
    jobId: publicId,
  };
}

const submit = (input: object, endpoint?: string): Submission =>
  fromJobRequest({ input }, contextOf(endpoint));

/** The message of the refusal; fails when there is none. */
function refusalOf(body: unknown, endpoint?: string): string {
  try {
    fromJobRequest(body, contextOf(endpoint));
  } catch (error) {
    expect((error as Error).name).toMatch(/^(ApiError|TaskError)$/);
    return (error as Error).message;
  }
  throw new Error('The request was accepted.');
}

const url = (role: InputRole, address: string) => ({ role, source: { type: 'url', url: address } });

describe('request bodies as documented', () => {
  it.each([
    [
      'i2v-single',
      { prompt: '一个人正在自然地说话', audio_mode: undefined },
      [url('image', 'https://example.com/portrait.jpg'), url('audio', 'https://example.com/audio.wav')],
    ],
    [
      'i2v-multi',
      { prompt: '两个人正在对话', audio_mode: 'para' },
      [
        url('image', 'https://example.com/portrait.jpg'),
        url('audio', 'https://example.com/audio1.wav'),
        url('audio2', 'https://example.com/audio2.wav'),
      ],
    ],
    [
      'v2v-single',
      { prompt: '一个人正在唱歌' },
      [url('video', 'https://example.com/input_video.mp4'), url('audio', 'https://example.com/audio.wav')],
    ],
    [
      'v2v-multi',
      { prompt: '两个人在视频中对话', audio_mode: 'para' },
      [
        url('video', 'https://example.com/input_video.mp4'),
        url('audio', 'https://example.com/audio1.wav'),
        url('audio2', 'https://example.com/audio2.wav'),
      ],
    ],
    [
      'base64',
      { prompt: '一个人正在自然地说话' },
      [
        { role: 'image', source: { type: 'base64', text: expect.stringMatching(/^data:image/) as string } },
        { role: 'audio', source: { type: 'base64', text: expect.stringMatching(/^data:audio/) as string } },
      ],
    ],
    [
      'volume-path',
      { prompt: '一个人正在自然地说话' },
      [
        { role: 'video', objectKey: 'volume/input_video.mp4' },
        { role: 'audio', objectKey: 'volume/audio.wav' },
      ],
    ],
  ])('%s', (name, parameters, inputs) => {
    const submission = fromJobRequest(fixture(`request-${name}`), contextOf());
    expect(submission).toMatchObject({
      publicId,
      dialect: 'runpod',
      endpoint: 'infinitetalk',
      kind: 'talk',
      model: 'it',
      parameters: { width: 512, height: 512, seed: 2, ...parameters },
    });
    expect(submission.inputs).toEqual(inputs);
    expect(JSON.stringify(submission.request)).not.toMatch(/example\.com|base64,|my_volume/);
  });
});

describe('defaults of talking videos', () => {
  it('uses the samples for what is missing', () => {
    const submission = submit({});
    expect(submission.parameters).toMatchObject({
      prompt: 'A person talking naturally',
      width: 512,
      height: 512,
    });
    expect(submission.inputs).toEqual([sample('image', 'portrait'), sample('audio', 'speech')]);
    expect(submission).toMatchObject({ priority: 0, ttlSeconds: 86_400, extras: {} });
  });

  it('takes null and empty text as missing', () => {
    const empty = { image_url: '', wav_path: null, wav_url_2: '', prompt: null, width: null };
    expect(submit(empty)).toEqual(submit({}));
  });

  it('knows the example paths in every form of a medium', () => {
    const inputs = [sample('image', 'portrait'), sample('audio', 'speech')];
    for (const form of ['path', 'url', 'base64'])
      expect(
        submit({ [`image_${form}`]: '/examples/image.jpg', [`wav_${form}`]: '/examples/audio.mp3' }).inputs,
      ).toEqual(inputs);
    expect(submit({ input_type: 'video', video_path: '/examples/image.jpg' }).inputs[0]).toEqual(
      sample('video', 'portrait'),
    );
  });

  it('uses the sample video when the type is video', () => {
    expect(submit({ input_type: 'video' }).inputs[0]).toEqual(sample('video', 'portrait-video'));
  });

  it('lets the second person say the same as the first', () => {
    expect(submit({ person_count: 'multi', wav_url: 'https://a.example/1.wav' }).inputs.slice(1)).toEqual([
      url('audio', 'https://a.example/1.wav'),
      url('audio2', 'https://a.example/1.wav'),
    ]);
    expect(submit({ person_count: 'multi' }).inputs[2]).toEqual(sample('audio2', 'speech'));
  });
});

describe('parameters', () => {
  it.each([
    ['talk', { max_frame: 100 }, { seconds: 4 }],
    ['talk', { max_frame: 100, fps: 50 }, { seconds: 2, fps: 50 }],
    ['talk', { duration: 3 }, { seconds: 3 }],
    ['talk', { size: '480p' }, { resolution: '480p' }],
    ['talk', { size: '640*360' }, { width: 640, height: 360 }],
    ['talk', { width: 256 }, { width: 256, height: 512 }],
    ['talk', { seed: 0 }, { seed: 0 }],
    ['wan-t2v', { prompt: 'x', num_frames: 81 }, { frames: 81, seed: undefined, width: undefined }],
    ['wan-t2v', { prompt: 'x', duration: 5, size: '1280*720' }, { seconds: 5, width: 1280, height: 720 }],
    ['wan-t2v', { prompt: 'x', guidance: 5, flow_shift: 3 }, { guidance_scale: 5, shift: 3 }],
    ['latentsync', { inference_steps: 20, guidance_scale: 1.5 }, { steps: 20, guidance_scale: 1.5 }],
    ['latentsync', { num_inference_steps: '20' }, { steps: 20 }],
  ])('%s %j', (endpoint, input, parameters) => {
    expect(submit(input, endpoint).parameters).toMatchObject(parameters);
  });

  it('takes the inputs of the other kinds as they are given', () => {
    expect(submit({ image: 'https://a.example/1.png', last_image: 'b.png' }, 'wan-i2v').inputs).toEqual([
      url('image', 'https://a.example/1.png'),
      { role: 'last_image', objectKey: 'volume/b.png' },
    ]);
    expect(submit({ video_path: '/my_volume/a.mp4', audio: 'b.wav' }, 'latentsync').inputs).toEqual([
      { role: 'video', objectKey: 'volume/a.mp4' },
      { role: 'audio', objectKey: 'volume/b.wav' },
    ]);
    expect(submit({}, 'latentsync').inputs).toEqual([]);
  });

  it('takes switches without effect, for clients of the originals', () => {
    const switches = {
      force_offload: false,
      enable_safety_checker: true,
      enable_prompt_optimization: 'true',
    };
    expect(submit(switches).parameters).toEqual(submit({}).parameters);
    expect(refusalOf({ input: { force_offload: 'maybe' } })).toContain('force_offload');
  });

  it('remembers how the result is wanted', () => {
    expect(submit({ network_volume: true }).extras).toEqual({ network_volume: true });
  });

  it('takes policy and webhook', () => {
    const policy = { executionTimeout: 5_000, ttl: 10_000, lowPriority: true };
    const webhook = 'https://hooks.example/done';
    expect(fromJobRequest({ input: {}, policy, webhook, webhookV2: 'ignored' }, contextOf())).toMatchObject({
      executionTimeoutSeconds: 5,
      ttlSeconds: 10,
      priority: -1,
      webhookUrl: webhook,
    });
  });
});

describe('parameters of a named endpoint', () => {
  const withDefaults = (kind: Endpoint['kind'], defaults: Endpoint['defaults'], input: object) =>
    fromJobRequest({ input }, contextOf('mine', { name: 'mine', kind, model: 'wan-large', defaults }));

  it('stand where the request says nothing', () => {
    const defaults = { prompt: 'waves', steps: 8, width: 832, height: 480, seconds: 2, low_noise: true };
    const submission = withDefaults('t2v', defaults, { num_inference_steps: 4, seed: 7 });
    expect(submission).toMatchObject({ endpoint: 'mine', kind: 't2v', model: 'wan-large' });
    expect(submission.parameters).toMatchObject({ ...defaults, steps: 4, seed: 7 });
  });

  it.each<[object, Endpoint['defaults'], object]>([
    [{ size: '480p' }, { width: 832, height: 480 }, { resolution: '480p' }],
    [{ width: 640 }, { resolution: '720p' }, { width: 640, height: 512 }],
    [{ width: 640 }, { width: 832, height: 480 }, { width: 640, height: 480 }],
    [{}, { resolution: '720p' }, { resolution: '720p' }],
    [{ duration: 3 }, { frames: 25 }, { seconds: 3 }],
    [{}, { frames: 50, fps: 10 }, { seconds: 5 }],
    [
      { max_frame: 50 },
      { seconds: 9, fps: 10, seed: 5, prompt: 'Sing' },
      { seconds: 5, seed: 5, prompt: 'Sing' },
    ],
  ])('%j over %j', (input, defaults, parameters) => {
    const wire = onTheWire(withDefaults('talk', defaults, input).parameters);
    expect(wire).toMatchObject(parameters);
    expect(wire).not.toHaveProperty('frames');
    expect('resolution' in wire).toBe(!('width' in wire));
  });
});

describe('a time to live in a query', () => {
  it('is for keys that may write', () => {
    expect(secondsToLive(6_000, { mayWrite: true })).toBe(6);
    expect(() => secondsToLive(6_000, { mayWrite: false })).toThrow(ApiError);
  });
});

describe('s3Config', () => {
  const s3Config = {
    accessId: 'AKIA',
    accessSecret: 'hunter2',
    bucketName: 'mine',
    endpointUrl: 'https://s3.example',
  };
  const withCopy = (over: object = {}, context = contextOf()) =>
    fromJobRequest({ input: { network_volume: true }, s3Config: { ...s3Config, ...over } }, context);

  it('is remembered as a place in clear and credentials nobody can read', () => {
    const submission = withCopy();
    expect(submission.extras).toEqual({
      network_volume: true,
      copy_to: { endpoint: 'https://s3.example', bucket: 'mine', key: '' },
    });
    expect(JSON.stringify(submission)).not.toMatch(/AKIA|hunter2/);
    const opened = new SecretBox([sealingKey]).open(
      submission.sealedSecrets!,
      secretsOwner('acme', publicId),
    );
    expect(JSON.parse(opened!)).toEqual({ accessKeyId: 'AKIA', secretAccessKey: 'hunter2' });
  });

  it.each([
    ['videos/', `videos/${publicId}.mp4`],
    ['/videos/a.mp4', 'videos/a.mp4'],
    ['', `${publicId}.mp4`],
    ['/', `${publicId}.mp4`],
  ])('with the path %j names the copy %s', (objectPath, key) => {
    expect(copyPlaceOf(withCopy({ objectPath }))).toMatchObject({ key });
  });

  it.each([
    [{ accessId: undefined }, 'accessId'],
    [{ accessSecret: 7 }, 'accessSecret'],
    [{ accessSecret: '' }, 'accessSecret'],
    [{ bucketName: 'My_Bucket' }, 'bucketName'],
    [{ bucketName: '../x' }, 'bucketName'],
    [{ endpointUrl: 'ftp://s3.example' }, 'endpointUrl'],
    [{ endpointUrl: 'https://s3.example/mine' }, 'endpointUrl'],
    [{ endpointUrl: 'https://a:b@s3.example' }, 'endpointUrl'],
    [{ endpointUrl: 's3.example' }, 'endpointUrl'],
    [{ objectPath: 'a/../b' }, 'objectPath'],
    [{ objectPath: 'a\nb' }, 'objectPath'],
  ])('is refused with %j, without telling the secret', (over, field) => {
    const refusal = refusalOf({ input: {}, s3Config: { ...s3Config, ...over } });
    expect(refusal).toContain(field);
    expect(refusal).not.toMatch(/AKIA|hunter2/);
  });

  it('is refused by servers without a key for it, and as anything but an object', () => {
    const context = { ...contextOf(), secrets: new SecretBox([]) };
    expect(() => withCopy({}, context)).toThrow(/SECRETS_KEY.*output\.video_url/);
    expect(refusalOf({ input: {}, s3Config: 'mine' })).toContain('s3Config');
    expect(refusalOf({ input: {}, s3Config: [] })).toContain('s3Config');
    expect(fromJobRequest({ input: {}, s3Config: null }, context)).toMatchObject({ extras: {} });
  });
});

describe('refused requests', () => {
  const both = 'Give only one of';
  it.each<[unknown, string, string?]>([
    [undefined, 'JSON object'],
    [[], 'JSON object'],
    [{}, "'input' is required"],
    [{ input: 'text' }, 'input'],
    [{ input: [] }, 'must be an object'],
    [{ input: { promt: 'x' } }, "Field 'promt' is not known"],
    [{ input: { input_type: 'audio' } }, 'input_type'],
    [{ input: { person_count: 2 } }, 'person_count'],
    [{ input: { width: 'wide' } }, 'width'],
    [{ input: { width: 8 } }, 'width'],
    [{ input: { height: 100_000 } }, 'height'],
    [{ input: { max_frame: 0 } }, 'max_frame'],
    [{ input: { prompt: 5 } }, 'prompt'],
    [{ input: { image_path: '/my_volume/a.png', image_url: 'https://a.example/a.png' } }, both],
    [{ input: { image: 'https://a.example/a.png', image_base64: 'AAAA' } }, both],
    [{ input: { wav_url: 'https://a.example/a.wav', audio: 'b.wav' } }, both],
    [{ input: { person_count: 'multi', wav_path_2: 'a.wav', wav_url_2: 'https://a.example/a.wav' } }, both],
    [{ input: { wav_path_2: '/my_volume/a.wav' } }, 'needs person_count "multi"'],
    [{ input: { video_url: 'https://a.example/a.mp4' } }, 'not used when input_type is "image"'],
    [{ input: { input_type: 'video', image_url: 'https://a.example/a.png' } }, 'give video_url'],
    [{ input: { image_path: '/my_volume/../etc/passwd' } }, 'does not name a file of the volume'],
    [{ input: { image_path: 'file:///etc/passwd' } }, 'does not name a file of the volume'],
    [{ input: { size: '480p', width: 512 } }, 'together with width'],
    [{ input: { size: 'large' } }, '480p, 720p or WIDTH*HEIGHT'],
    [{ input: { max_frame: 5, duration: 2 } }, both],
    [{ input: {} }, "'prompt' is required", 'wan-t2v'],
    [{ input: { person_count: 'multi' } }, 'talking videos', 'latentsync'],
    [{ input: {}, policy: { executionTimeout: 4_999 } }, 'executionTimeout'],
    [{ input: {}, policy: { ttl: 9_999 } }, 'ttl'],
    [{ input: {}, policy: { ttl: 604_800_001 } }, 'ttl'],
    [{ input: {}, policy: 'fast' }, 'policy'],
  ])('%j', (body, text, endpoint) => {
    expect(refusalOf(body, endpoint)).toContain(text);
  });
});

function viewOf(task: Partial<Task>, view: Partial<TaskView> = {}): TaskView {
  return {
    task: aTask({ publicId, dialect: 'runpod', createdAt, ...task }),
    queuePosition: 0,
    estimatedSeconds: undefined,
    resultLink: undefined,
    maskLink: undefined,
    posterLink: undefined,
    linksExpireAt: new Date('2026-01-02T00:00:00.000Z'),
    ...view,
  };
}

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
    expect(onTheWire(presentQueued({ publicId }))).toEqual(fixture('reply-queued'));
    expect(onTheWire(presentJob(viewOf({}), {}))).toEqual(fixture('reply-queued'));
    const { output, ...running } = onTheWire(presentJob(viewOf({ state: 'running', startedAt }), {}));
    expect(running).toEqual(fixture('reply-running'));
    expect(output).toEqual({ progress: 0 });
    const done = viewOf({ publicId: `sync-${publicId}`, state: 'succeeded', ...ended });
    expect(onTheWire(presentJob(done, {}))).toEqual({ ...fixture('reply-completed'), output: {} });
    expect(onTheWire(presentCancelled(aTask({ publicId, state: 'cancelled' })))).toEqual(
      fixture('reply-cancelled'),
    );
    expect(presentPurge(2)).toEqual(fixture('reply-purged'));
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
      video_url_expires_at: '2026-01-02T00:00:00.000Z',
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
    expect(presentHealth({ ...counts, retried: 0 }, [engine('ready', 'other')], talk)).toEqual(
      fixture('reply-health'),
    );
    const engines = (['ready', 'busy', 'loading', 'draining', 'failed'] as const).map((state) =>
      engine(state),
    );
    expect(presentHealth({ ...counts, retried: 3 }, engines, talk)).toMatchObject({
      jobs: { retried: 3 },
      workers: { idle: 1, initializing: 1, ready: 2, running: 1, throttled: 1, unhealthy: 1 },
    });
  });
});

describe('errors', () => {
  const context = { method: 'GET', path: '/v2/a/run', headers: {} };
  const statuses = { unauthorized: 401, 'unknown-task': 404, 'queue-full': 429, 'invalid-fields': 400 };

  it.each(apiErrorCodes)('%s has the one documented shape', (code) => {
    const { status, body } = runpodErrors(new ApiError(code, 'What to do.'), context);
    expect(body).toEqual({ error: expect.stringMatching(/./) as string });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it.each(Object.entries(statuses))('%s is %i', (code, status) => {
    expect(runpodErrors(new ApiError(code as keyof typeof statuses, ''), context).status).toBe(status);
  });
});

async function* neverRead(): AsyncGenerator<Uint8Array> {
  yield await Promise.reject(new Error('Presenters do not read.'));
}
