import { describe, expect, it } from 'vitest';
import { inbound } from '../../../test/lightx2v-requests.js';
import guideRequest from './__fixtures__/guide-request.json' with { type: 'json' };
import infinitetalkRequest from './__fixtures__/infinitetalk-request.json' with { type: 'json' };
import { newLightX2VTaskId } from './lightx2v.inbound.js';

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
