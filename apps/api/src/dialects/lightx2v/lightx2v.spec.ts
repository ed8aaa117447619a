import { taskStates, type Submission, type Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes } from '../../http/api-error.js';
import { parseFields } from '../../http/parse-fields.js';
import type { TaskView } from '../../tasks/task-view.js';
import guideRequest from './__fixtures__/guide-request.json' with { type: 'json' };
import infinitetalkRequest from './__fixtures__/infinitetalk-request.json' with { type: 'json' };
import { LightX2VCreateBody } from './lightx2v.dto.js';
import { lightx2vErrors } from './lightx2v.errors.js';
import { fromJson, newLightX2VTaskId, type InboundContext } from './lightx2v.inbound.js';
import { presentCreated, presentQueue, presentStatus, presentStop } from './lightx2v.presenter.js';
import { downloadId, vocabularyOf } from './lightx2v.request.js';

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
    task: aTask({ publicId: 'ID', extras: { vocabulary: 'server', save_result_path: 'ID' }, ...over }),
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
    [{ size: 'infinitetalk-720' }, { resolution: '720p' }],
    [{ num_frames: 41, target_video_length: 81 }, { frames: 41 }],
    [
      { target_video_length: 81, video_duration: 9 },
      { frames: 81, seconds: undefined },
    ],
    [{ infer_steps: '4' }, { steps: 4 }],
  ])('%j becomes %j', (fields, parameters) => {
    expect(inbound({ prompt: 'x', ...fields }).parameters).toMatchObject(parameters);
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
    expect(presentStop('requested')).toMatchObject({ stop_status: 'success' });
    expect(presentStop('unknown')).toMatchObject({ stop_status: 'do_nothing' });
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
  ])('%s asks for %s', (path, id) => expect(downloadId(path)).toBe(id));

  it('may demand a vocabulary by path or header', () => {
    expect(vocabularyOf({ url: '/v1/tasks/video', headers: {} })).toBeUndefined();
    expect(vocabularyOf({ url: '/lightx2v/v1/tasks/video', headers: {} })).toBe('server');
    expect(vocabularyOf({ url: '/v1/tasks', headers: { 'x-status-vocabulary': 'guide' } })).toBe('guide');
  });
});

describe('errors', () => {
  it.each(apiErrorCodes)('%s has a status and a detail', (code) => {
    const reply = lightx2vErrors(new ApiError(code, 'text'), {
      method: 'GET',
      path: '/v1/tasks',
      headers: {},
    });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.body).toHaveProperty('detail');
  });
});
