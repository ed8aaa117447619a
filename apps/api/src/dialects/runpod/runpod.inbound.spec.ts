import 'reflect-metadata';
import type { Endpoint, InputRole, Submission } from '@polyreel/core';
import { describe, expect, it } from 'vitest';
import { onTheWire } from '../../../test/on-the-wire.js';
import { contextOf, publicId, refusalOf, sample } from '../../../test/runpod-requests.js';
import i2vSingle from './__fixtures__/request-i2v-single.json' with { type: 'json' };
import i2vMulti from './__fixtures__/request-i2v-multi.json' with { type: 'json' };
import v2vSingle from './__fixtures__/request-v2v-single.json' with { type: 'json' };
import v2vMulti from './__fixtures__/request-v2v-multi.json' with { type: 'json' };
import base64 from './__fixtures__/request-base64.json' with { type: 'json' };
import volumePath from './__fixtures__/request-volume-path.json' with { type: 'json' };
import { fromJobRequest } from './runpod.inbound.js';

const submit = (input: object, endpoint?: string): Submission =>
  fromJobRequest({ input }, contextOf(endpoint));

const url = (role: InputRole, address: string) => ({ role, source: { type: 'url', url: address } });

describe('request bodies as documented', () => {
  it.each([
    [
      'i2v-single',
      i2vSingle,
      { prompt: '一个人正在自然地说话', audio_mode: undefined },
      [url('image', 'https://example.com/portrait.jpg'), url('audio', 'https://example.com/audio.wav')],
    ],
    [
      'i2v-multi',
      i2vMulti,
      { prompt: '两个人正在对话', audio_mode: 'para' },
      [
        url('image', 'https://example.com/portrait.jpg'),
        url('audio', 'https://example.com/audio1.wav'),
        url('audio2', 'https://example.com/audio2.wav'),
      ],
    ],
    [
      'v2v-single',
      v2vSingle,
      { prompt: '一个人正在唱歌' },
      [url('video', 'https://example.com/input_video.mp4'), url('audio', 'https://example.com/audio.wav')],
    ],
    [
      'v2v-multi',
      v2vMulti,
      { prompt: '两个人在视频中对话', audio_mode: 'para' },
      [
        url('video', 'https://example.com/input_video.mp4'),
        url('audio', 'https://example.com/audio1.wav'),
        url('audio2', 'https://example.com/audio2.wav'),
      ],
    ],
    [
      'base64',
      base64,
      { prompt: '一个人正在自然地说话' },
      [
        { role: 'image', source: { type: 'base64', text: expect.stringMatching(/^data:image/) as string } },
        { role: 'audio', source: { type: 'base64', text: expect.stringMatching(/^data:audio/) as string } },
      ],
    ],
    [
      'volume-path',
      volumePath,
      { prompt: '一个人正在自然地说话' },
      [
        { role: 'video', objectKey: 'volume/input_video.mp4' },
        { role: 'audio', objectKey: 'volume/audio.wav' },
      ],
    ],
  ])('%s', (_name, body, parameters, inputs) => {
    const submission = fromJobRequest(body, contextOf());
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
