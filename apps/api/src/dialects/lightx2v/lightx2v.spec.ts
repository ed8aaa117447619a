import { taskStates, type Submission, type Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes } from '../../http/api-error.js';
import { parseFields } from '../../http/parse-fields.js';
import type { TaskView } from '../../tasks/task-view.js';
import guideRequest from './__fixtures__/guide-request.json' with { type: 'json' };
import infinitetalkRequest from './__fixtures__/infinitetalk-request.json' with { type: 'json' };
import { LightX2VCreateBody } from './lightx2v.dto.js';
import { lightx2vErrors } from './lightx2v.errors.js';
import { fromForm, fromJson, newLightX2VTaskId, type InboundContext } from './lightx2v.inbound.js';
import {
  presentCreated,
  presentList,
  presentMetadata,
  presentQueue,
  presentService,
  presentStatus,
  presentStop,
  presentStopAll,
} from './lightx2v.presenter.js';
import {
  downloadPath,
  nextPageLink,
  structuredFields,
  vocabularyForCreate,
  vocabularyOf,
} from './lightx2v.request.js';

const context: InboundContext = {
  tenant: 'acme',
  models: { talk: 'talker', lipsync: 'syncer', t2v: 'painter', i2v: 'mover' },
  volume: { roots: ['/runpod-volume'], prefix: 'volume/' },
  vocabulary: undefined,
  newTaskId: () => 'AAAA-BBBB-CCCC-DDDD-EEEE',
};

function inbound(body: object): Submission {
  return fromJson(parseFields(LightX2VCreateBody, body), context);
}

function view(over: Partial<Task> = {}, rest: Partial<TaskView> = {}): TaskView {
  return {
    task: aTask({ publicId: 'ID', extras: { vocabulary: 'server' }, ...over }),
    queuePosition: 0,
    estimatedSeconds: undefined,
    resultLink: undefined,
    maskLink: undefined,
    posterLink: undefined,
    linksExpireAt: new Date('2026-01-01T01:00:00Z'),
    ...rest,
  };
}

describe('inbound', () => {
  it("reads seed 000's request as a talking video", () => {
    expect(inbound(infinitetalkRequest)).toMatchObject({
      kind: 'talk',
      model: 'talker',
      publicId: 'AAAA-BBBB-CCCC-DDDD-EEEE',
      extras: { vocabulary: 'server' },
      parameters: { prompt: 'a person is talking', steps: 40, seed: 42, seconds: 40, resolution: '480p' },
      inputs: [
        { role: 'audio', objectKey: 'volume/examples/single/1.wav' },
        { role: 'image', objectKey: 'volume/examples/single/ref_video.mp4' },
      ],
    });
  });

  it("reads seed 004's request as text to video in the guide's words", () => {
    const submission = inbound(guideRequest);
    expect(submission).toMatchObject({
      kind: 't2v',
      model: 'painter',
      extras: { vocabulary: 'guide' },
      inputs: [],
    });
    expect(submission.parameters).toMatchObject({ width: 832, height: 480, seconds: 5, steps: 4 });
    expect(submission.parameters.num_fragments).toBeUndefined();
  });

  it.each([
    [
      { height: 480, width: 832, target_shape: [1, 2] },
      { width: 832, height: 480 },
    ],
    [
      { target_shape: [480, 832], size: [720, 1280] },
      { width: 832, height: 480 },
    ],
    [{ size: [720, 1280] }, { width: 1280, height: 720 }],
    [{ size: '[720, 1280]' }, { width: 1280, height: 720 }],
    [{ size: 'infinitetalk-720', image_path: 'a.png', audio_path: 'a.wav' }, { resolution: '720p' }],
    [{ num_frames: 41, target_video_length: 81 }, { frames: 41 }],
    [
      { target_video_length: 81, video_duration: 9 },
      { frames: 81, seconds: undefined },
    ],
    [{ infer_steps: '4' }, { steps: 4 }],
    [{ target_shape: ['480', '832'] }, { width: 832, height: 480 }],
    [
      { target_shape: [], size: '' },
      { width: undefined, resolution: undefined },
    ],
    [
      { target_video_length: 49, max_frame_num: 25 },
      { frames: 49, seconds: undefined },
    ],
    [{ video_duration: 2.5 }, { frames: undefined, seconds: 2.5 }],
    [
      { target_fps: 16, negative_prompt: 'blur' },
      { fps: 16, negative_prompt: 'blur' },
    ],
    [
      { resize_mode: 'adaptive', num_fragments: 1, use_prompt_enhancer: false, lora_strength: 1 },
      {
        resize_mode: undefined,
        num_fragments: undefined,
        use_prompt_enhancer: undefined,
        lora_strength: undefined,
      },
    ],
    [
      { resize_mode: 'fixed_shape', num_fragments: 2, use_prompt_enhancer: 'true', sr_ratio: 2 },
      { resize_mode: 'fixed_shape', num_fragments: 2, use_prompt_enhancer: true, sr_ratio: 2 },
    ],
    [
      { lora_name: 'ink', lora_strength: 0.5, use_teacache: true, teacache_thresh: 0.2 },
      { lora_name: 'ink', lora_strength: 0.5, use_teacache: true, teacache_thresh: 0.2 },
    ],
  ])('%j becomes %j', (fields, parameters) => {
    const absent = Object.fromEntries(Object.keys(parameters).map((name) => [name, undefined]));
    expect({ ...absent, ...inbound({ prompt: 'x', ...fields }).parameters }).toMatchObject(parameters);
  });

  it.each([
    [{ video_duration: 9, max_frame_num: 25 }, 9],
    [{ max_frame_num: 50, num_frames: 100, target_video_length: 1000 }, 2],
    [{ num_frames: 100, target_video_length: 1000 }, 4],
    [{ target_video_length: 300 }, 12],
    [{ target_video_length: 300, target_fps: 30 }, 10],
    [{}, undefined],
  ])('a talking video with %j lasts %s seconds at most', (fields, seconds) => {
    const { parameters } = inbound({ image_path: 'a.png', audio_path: 'a.wav', ...fields });
    expect([parameters.seconds, parameters.frames]).toEqual([seconds, undefined]);
  });

  it("passes the InfiniteTalk variant's settings on", () => {
    const fields = {
      motion_frame: 9,
      text_guide_scale: 5,
      audio_guide_scale: 4,
      sample_shift: 7,
      audio_type: 'add',
    };
    expect(inbound({ image_path: 'a.png', audio_path: 'a.wav', ...fields }).parameters).toMatchObject({
      motion_frames: 9,
      guidance_scale: 5,
      audio_guidance_scale: 4,
      shift: 7,
      audio_mode: 'add',
    });
  });

  it.each([
    [{ task: 't2v' }, 't2v'],
    [{ task: 'i2v', image_path: 'a.png' }, 'i2v'],
    [{ task: 'flf2v', image_path: 'a.png', last_frame_path: 'b.png' }, 'i2v'],
    [{ task: 's2v', image_path: 'a.png', audio_path: 'a.wav' }, 'talk'],
    [{ task: 'rs2v', video_path: 'a.mp4', audio_path: 'a.wav' }, 'talk'],
  ])('%j makes %s', (fields, kind) => expect(inbound({ prompt: 'x', ...fields }).kind).toBe(kind));

  it.each([
    [{ size: 'infinitetalk-480', image_path: 'a.png' }, 'audio_path is required for InfiniteTalk'],
    [{ video_path: 'a.mp4' }, 'audio_path is required for InfiniteTalk'],
    [{ task: 's2v', image_path: 'a.png' }, 'audio_path is required for InfiniteTalk'],
    [{ last_frame_path: 'a.png' }, 'image_path is required'],
    [{ task: 'i2v' }, 'image_path is required'],
    [{ task: 't2v', image_path: 'a.png' }, "Field 'task'"],
    [{ image_path: 'a.png', audio_path: 'a.wav,b.wav,c.wav' }, 'two audios'],
    [{ presigned_url: 'https://h/put' }, 'image tasks'],
    [{ save_result_path: 'a\nb' }, 'control characters'],
    [{ size: 'toString' }, 'infinitetalk-480'],
    [{ size: 7 }, '[height, width]'],
    [{ target_shape: [480, 8.5] }, '[height, width]'],
    [{ height: 480 }, 'height and width together'],
    [{ resize_mode: 'stretch' }, 'resize_mode'],
    [{ task: 'sing' }, 'task'],
    ...['..', 'a/b', 'a b', 'all', 'queue', 'video', 'image'].map((task_id) => [{ task_id }, 'task_id']),
  ] as [object, string][])('%j is refused', (fields, text) => {
    expect(() => inbound({ prompt: 'x', ...fields })).toThrow(text);
  });

  it('takes the id and the path the client chose, and an empty id for none', () => {
    const path = '../out/a b.mp4';
    expect(inbound({ prompt: 'x', task_id: 'my-1', save_result_path: path })).toMatchObject({
      publicId: 'my-1',
      extras: { save_result_path: path },
    });
    expect(inbound({ prompt: 'x', save_video_path: path }).extras.save_result_path).toBe(path);
    expect(inbound({ prompt: 'x', task_id: '', save_result_path: '' })).toMatchObject({
      publicId: 'AAAA-BBBB-CCCC-DDDD-EEEE',
      extras: { vocabulary: 'guide' },
    });
  });

  it('takes two persons with their masks', () => {
    const talk_objects = [
      { audio: 'a.wav', mask: 'left.png' },
      { audio: 'b.wav', mask: 'right.png' },
    ];
    const { inputs } = inbound({ image_path: 'a.png', talk_objects });
    expect(inputs.map(({ role }) => role)).toEqual(['audio', 'audio2', 'image', 'mask', 'mask2']);
    expect(() => inbound({ image_path: 'a.png', talk_objects: [{ mask: 'a.png' }] })).toThrow('audio');
    expect(() =>
      inbound({ image_path: 'a.png', talk_objects: [1, 2, 3].map(() => talk_objects[0]) }),
    ).toThrow();
  });

  it('records the request without media, with fields nobody knows', () => {
    const { request } = inbound({
      prompt: 'x',
      image_path: 'a.png',
      size: [256, 256],
      save_result_path: 'o.mp4',
      disagg_phase: 3,
      nested: { deep: 1 },
      blob: 'x'.repeat(30_000),
    });
    expect(request).toEqual({ prompt: 'x', size: [256, 256], save_result_path: 'o.mp4', disagg_phase: 3 });
  });

  it('keeps nothing of one request for the next', () => {
    inbound({ image_path: 'a.png', audio_path: 'a.wav', target_video_length: 25, seed: 1 });
    const second = inbound({ prompt: 'x' });
    expect([second.kind, second.inputs, second.parameters.seconds]).toEqual(['t2v', [], undefined]);
  });

  describe('of forms', () => {
    const media = (role: 'image' | 'audio', mediaType: string) => ({
      field: `${role}_file`,
      media: {
        role,
        mediaType,
        bytes: 1,
        sha256: '',
        facts: {},
        open: () => Readable.from([]),
        discard: () => Promise.resolve(),
      },
    });
    const form = (fields: object, files: ReturnType<typeof media>[] = []) =>
      fromForm(parseFields(LightX2VCreateBody, structuredFields({ ...fields })), { files }, context);

    it('has the seed 42 when none is given', () => {
      expect(form({ prompt: 'x' }).parameters.seed).toBe(42);
      expect(form({ prompt: 'x', seed: '7' }).parameters.seed).toBe(7);
    });

    it('needs image and audio for a talking video, and nothing for text to video', () => {
      const image = media('image', 'image/png');
      expect(form({}, [image, media('audio', 'audio/wav')]).kind).toBe('talk');
      expect(form({}, [image]).kind).toBe('i2v');
      expect(() => form({}, [media('audio', 'audio/wav')])).toThrow('image_file');
      expect(() => form({}, [media('image', 'video/mp4')])).toThrow(
        'audio_file is required for InfiniteTalk',
      );
      expect(() => form({ size: 'infinitetalk-480' }, [image])).toThrow('audio_file is required');
    });

    it('reads lists from JSON text and media from text fields', () => {
      const talk_objects = '[{"audio": "a.wav"}]';
      const submission = form({ size: '[256, 128]', talk_objects, image_path: 'https://h/a.png' });
      expect(submission).toMatchObject({ kind: 'talk', parameters: { width: 128, height: 256 } });
      expect(() => form({ prompt: 'x', talk_objects: '[{' })).toThrow('talk_objects');
      expect(() => form({ prompt: 'x', target_shape: '[1' })).toThrow('target_shape');
    });
  });

  it('gives every task without a seed another one', () => {
    const seeds = new Set(Array.from({ length: 5 }, () => inbound({ prompt: 'x' }).parameters.seed));
    expect(seeds.size).toBe(5);
  });

  it('splits speakers at commas, but never a data URL', () => {
    const two = inbound({ image_path: 'a.png', audio_path: 'https://h/a.wav, b.wav' });
    expect(two.inputs.map(({ role }) => role)).toEqual(['audio', 'audio2', 'image']);
    const one = inbound({ image_path: 'a.png', audio_path: 'data:audio/wav;base64,UklGRg==' });
    expect(one.inputs.map(({ role }) => role)).toEqual(['audio', 'image']);
    const pair = 'data:audio/wav;base64,UklGRg==, data:audio/wav;base64,UklGRg==';
    expect(inbound({ image_path: 'a.png', audio_path: pair }).inputs).toHaveLength(3);
  });

  it('makes ids in the documented form', () => {
    expect(newLightX2VTaskId()).toMatch(/^[A-Z\d]{4}(-[A-Z\d]{4}){4}$/);
    expect(newLightX2VTaskId()).not.toBe(newLightX2VTaskId());
  });
});

describe('presenter', () => {
  it('creates with the union of both documents', () => {
    expect(presentCreated(view().task)).toEqual({
      task_id: 'ID',
      task_status: 'pending',
      save_result_path: 'ID',
      status: 'submitted',
      message: 'Task created successfully',
    });
  });

  it.each([
    ['queued', 'pending', 'submitted'],
    ['running', 'processing', 'running'],
    ['succeeded', 'completed', 'succeed'],
    ['failed', 'failed', 'failed'],
    ['cancelled', 'cancelled', 'failed'],
  ] as const)('%s is %s to the server, %s to the guide', (state, server, guide) => {
    expect(presentStatus(view({ state }))).toMatchObject({ status: server, task_status: server });
    expect(presentStatus(view({ state, extras: { vocabulary: 'guide' } }))).toMatchObject({
      status: guide,
      task_status: server,
    });
  });

  it('lets the reader demand other words', () => {
    const guide = view({ state: 'succeeded', extras: { vocabulary: 'guide' } });
    expect(presentStatus(guide).status).toBe('succeed');
    expect(presentStatus(guide, 'server').status).toBe('completed');
    expect(presentList([guide.task], 'server')).toMatchObject({ ID: { status: 'completed' } });
  });

  it('has exactly the documented keys of both worlds, and ours', () => {
    const original = [
      'task_id',
      'status',
      'start_time',
      'end_time',
      'error',
      'error_type',
      'save_result_path',
    ];
    const listed = [...original, 'task_status', 'error_code', 'progress', 'message'].sort();
    expect(Object.keys(presentList([view().task]).ID!).sort()).toEqual(listed);
    const ours = ['stage', 'queue_position', 'estimated_seconds', 'result_url', 'result_url_expires_at'];
    expect(Object.keys(presentStatus(view())).sort()).toEqual([...listed, ...ours].sort());
  });

  it.each([
    [undefined, 'ID', 'ID.mp4'],
    ['talk', 'talk', 'talk.mp4'],
    ['out/talk.mp4', 'out/talk.mp4', 'out/talk.mp4'],
  ])('calls the result wished as %s %s, then %s', (save_result_path, before, after) => {
    const extras = { ...(save_result_path && { save_result_path }) };
    expect(presentCreated(view({ extras }).task)).toMatchObject({ save_result_path: before });
    expect(presentStatus(view({ extras }))).toMatchObject({ save_result_path: before });
    expect(presentStatus(view({ extras, state: 'succeeded' }))).toMatchObject({ save_result_path: after });
  });

  it('starts at the creation, then at the start of the run', () => {
    const startedAt = new Date('2026-01-01T00:00:09.5Z');
    expect(presentStatus(view({ state: 'running', startedAt })).start_time).toBe(
      '2026-01-01T00:00:09.500000',
    );
  });

  it('tells of the service in exactly the original keys', () => {
    const counts = { queued: 2, running: 1, succeeded: 5, failed: 1, cancelled: 1 };
    expect(presentService(counts, [view().task], 10)).toEqual({
      service_status: 'busy',
      current_task: 'ID',
      active_tasks: ['ID'],
      pending_tasks: 2,
      queue_size: 10,
      total_tasks: 10,
      completed_tasks: 5,
      failed_tasks: 1,
    });
    expect(presentService(counts, [], 10)).toMatchObject({ service_status: 'idle', current_task: null });
    expect(presentMetadata('talker', 2)).toEqual({ nproc_per_node: 2, model_cls: 'talker', model_path: '' });
    expect(presentMetadata('talker', 0).nproc_per_node).toBe(1);
  });

  it('fills error and message for both kinds of clients', () => {
    const failed = view({ state: 'failed', error: { code: 'FACE_NOT_DETECTED', text: 'No face.' } });
    expect(presentStatus(failed)).toMatchObject({
      error: 'No face.',
      message: 'No face.',
      error_type: 'ValueError',
    });
    expect(presentStatus(view({ state: 'cancelled' }))).toMatchObject({ error: 'Task cancelled by user' });
  });

  it('writes times as the original does', () => {
    expect(presentStatus(view())).toMatchObject({ start_time: '2026-01-01T00:00:00.000000', end_time: null });
  });

  it('counts the queue', () => {
    const counts = { queued: 2, running: 1, succeeded: 5, failed: 1, cancelled: 0 };
    expect(presentQueue(counts, view().task, 10)).toEqual({
      is_processing: true,
      current_task: 'ID',
      pending_count: 2,
      active_count: 3,
      queue_size: 10,
      queue_available: 7,
    });
  });

  it.each([
    ['cancelled', undefined, 'success', 'Task stopped successfully.'],
    ['requested', undefined, 'success', 'Task stopped successfully.'],
    ['finished', 'cancelled', 'success', 'Task stopped successfully.'],
    ['finished', 'succeeded', 'do_nothing', 'Task not found or already completed.'],
    ['finished', 'failed', 'do_nothing', 'Task not found or already completed.'],
    ['unknown', undefined, 'do_nothing', 'Task not found or already completed.'],
  ] as const)('stopping: %s, %s', (outcome, state, stop_status, reason) => {
    expect(presentStop(outcome, state && aTask({ state }))).toEqual({ stop_status, reason });
  });

  it('stops all with the words of the original', () => {
    expect(presentStopAll()).toEqual({
      stop_status: 'success',
      reason: 'All tasks stopped successfully.',
    });
  });

  it.each(taskStates)('has words for %s', (state) => {
    expect(presentStatus(view({ state }))).toMatchObject({ message: expect.stringMatching(/./) as string });
  });
});

describe('requests', () => {
  it.each([
    ['abc.mp4', 'abc'],
    ['outputs/videos/abc.mp4', 'abc'],
    ['/app/outputs/abc.MP4', 'abc'],
    ['../../etc/passwd', 'passwd'],
    ['', ''],
  ])('%s asks for %s', (path, id) => expect(downloadPath(path).id).toBe(id));

  it('looks for wished paths as they stand, absolute, and without the ending', () => {
    expect(downloadPath('out/a.mp4').wished).toEqual([
      ...['out/a.mp4', '/out/a.mp4', './out/a.mp4'],
      ...['out/a', '/out/a', './out/a'],
    ]);
    expect(downloadPath('').wished).toEqual([]);
  });

  it('may demand a vocabulary by path or header, a create also by route and key', () => {
    const ask = (url: string, headers = {}, keySettings = {}) => ({ url, headers, keySettings });
    const guide = { 'x-status-vocabulary': 'guide' };
    expect(vocabularyOf(ask('/v1/tasks/video'))).toBeUndefined();
    expect(vocabularyOf(ask('/lightx2v/v1/tasks/video'))).toBe('server');
    expect(vocabularyOf(ask('/lightx2v/v1/tasks', guide))).toBe('guide');
    expect(vocabularyOf(ask('/v1/tasks', { 'x-status-vocabulary': 'klingon' }))).toBeUndefined();
    expect(vocabularyForCreate(ask('/v1/tasks/video/'))).toBeUndefined();
    for (const legacy of ['/v1/tasks', '/v1/tasks/', '/v1/tasks/?x=1'])
      expect(vocabularyForCreate(ask(legacy))).toBe('server');
    expect(vocabularyForCreate(ask('/v1/tasks/', guide))).toBe('guide');
    const key = { status_vocabulary: 'server' };
    expect(vocabularyForCreate(ask('/v1/tasks/video', {}, key))).toBe('server');
    expect(vocabularyForCreate(ask('/v1/tasks/video', guide, key))).toBe('guide');
    expect(vocabularyForCreate(ask('/v1/tasks/video', {}, { status_vocabulary: 5 }))).toBeUndefined();
  });

  it('links to the next page', () => {
    expect(nextPageLink('/v1/tasks/?limit=2', 2, 'a b')).toBe('</v1/tasks/?limit=2&after=a%20b>; rel="next"');
    expect(nextPageLink('/v1/tasks/', 2, undefined)).toBeUndefined();
  });
});

describe('errors', () => {
  const reply = (error: ApiError, path = '/v1/tasks') =>
    lightx2vErrors(error, { method: 'GET', path, headers: {} });

  it.each(apiErrorCodes)('%s has a status and a detail', (code) => {
    const { status, body } = reply(new ApiError(code, 'text'));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).toHaveProperty('detail');
  });

  it.each([
    ['unknown-task', { publicId: 'x' }, 404, 'Task not found'],
    ['wrong-state', {}, 404, 'Task not completed'],
    ['result-not-ready', {}, 404, 'Task result file does not exist'],
    ['duplicate-task', { publicId: 'x' }, 503, 'Task ID x already exists'],
    ['queue-full', { limit: 10 }, 503, 'Task queue is full (max 10 tasks)'],
    ['route-not-found', {}, 404, 'Not Found'],
    ['method-not-allowed', {}, 405, 'Method Not Allowed'],
  ] as const)('%s %j', (code, details, status, detail) => {
    const message = code === 'unknown-task' ? detail : 'text';
    expect(reply(new ApiError(code, message, details))).toEqual({ status, body: { detail } });
  });

  it.each([
    '/v1/images/generations',
    '/v1/tasks/image',
    '/v1/tasks/image/form',
    '/lightx2v/v1/tasks/image/sync',
  ])('says that %s makes no images here', (path) => {
    for (const code of ['route-not-found', 'method-not-allowed'] as const)
      expect(reply(new ApiError(code, ''), path)).toEqual({
        status: 404,
        body: { detail: 'This server makes videos; it has no image tasks.' },
      });
  });

  it.each([
    ['/v1/files/download/../../etc/passwd', 403],
    ['/v1/files/download/a/%2E%2e/b', 403],
    ['/lightx2v/v1/files/download/..%2f..%2fetc', 403],
    ['/v1/files/download/a..b/c...mp4', 404],
    ['/v1/tasks/../x/status', 404],
  ])('%s: %d', (path, status) => {
    expect(reply(new ApiError('unknown-task', 'File not found: x'), path).status).toBe(status);
  });
});
