import 'reflect-metadata';
import { taskErrors, type ReceivedMedia, type Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes, problemRules, type ErrorContext } from '../../http/api-error.js';
import { parseFields } from '../../http/parse-fields.js';
import type { TaskView } from '../../tasks/task-view.js';
import { OpeaVideosBody } from './opea-videos.dto.js';
import { opeaVideosErrors, taskErrorText } from './opea-videos.errors.js';
import { newVideoId, toSubmission, type InboundContext } from './opea-videos.inbound.js';
import {
  fileNameOf,
  presentDeleted,
  presentHealth,
  presentList,
  presentStatistics,
  presentVideo,
  videoHeaders,
  videoSeconds,
  type Audience,
} from './opea-videos.presenter.js';
import { fieldsOfForm, languageOf, wordsOf } from './opea-videos.request.js';

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`./__fixtures__/${name}.json`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;

const opea: Audience = { words: 'opea', language: 'en' };
const openai: Audience = { words: 'openai', language: 'en' };

const context: InboundContext = {
  tenant: 'acme',
  words: 'opea',
  models: { talk: 'infinitetalk', lipsync: 'latentsync', t2v: 'wan', i2v: 'wan' },
  announced: new Set(['preview']),
  volume: { roots: ['/my_volume'], prefix: 'volume/' },
  hasLogo: false,
  newVideoId: () => 'video_1766454718_2556',
  newSeed: () => 7,
};
const openaiContext: InboundContext = { ...context, words: 'openai' };

function media(mediaType: string): ReceivedMedia {
  return {
    role: 'image',
    mediaType,
    bytes: 1,
    sha256: '00',
    facts: {},
    async *open() {
      yield new Uint8Array(1);
    },
    discard: () => Promise.resolve(),
  };
}

const file = (field: string, mediaType: string) => ({ field, media: media(mediaType) });
const portrait = file('input_reference', 'image/png');
const speech = file('audio', 'audio/wav');

function submit(
  fields: Record<string, unknown>,
  files = [portrait, speech],
  given: InboundContext = context,
) {
  return toSubmission(parseFields(OpeaVideosBody, fields), files, given);
}

function refusal(act: () => unknown, headers: ErrorContext['headers'] = {}): unknown {
  try {
    act();
  } catch (error) {
    return opeaVideosErrors(error as ApiError, { method: 'POST', path: '/v1/videos', headers });
  }
  return 'accepted';
}

describe('inbound', () => {
  it('makes a talking video of the documented form, passing on only what was sent, and seed 42', () => {
    const submission = submit({ prompt: 'A man speaks' });
    expect(submission).toMatchObject({
      publicId: 'video_1766454718_2556',
      dialect: 'opea-videos',
      kind: 'talk',
      model: 'infinitetalk',
    });
    expect(submission.inputs.map(({ role }) => role)).toEqual(['image', 'audio']);
    expect(JSON.parse(JSON.stringify(submission.parameters))).toEqual({ prompt: 'A man speaks', seed: 42 });
  });

  it('normalises every documented field', () => {
    const { parameters } = submit({
      audio_guide_scale: '4.5',
      guide_scale: '3',
      shift: '7',
      steps: '40',
      fps: '24',
      seed: '0',
      seconds: '20',
      size: '720x1280',
      negative_prompt: 'blur',
    });
    expect(JSON.parse(JSON.stringify(parameters))).toEqual({
      negative_prompt: 'blur',
      width: 720,
      height: 1280,
      fps: 24,
      steps: 40,
      seed: 0,
      guidance_scale: 3,
      audio_guidance_scale: 4.5,
      shift: 7,
    });
  });

  it.each([
    ['add by default', {}, 'add'],
    ['para', { audio_type: 'para' }, 'para'],
  ])('two audios: %s', (_name, fields, mode) => {
    const files = [portrait, file('audio[]', 'audio/wav'), file('audio[]', 'audio/mpeg')];
    const submission = submit(fields, files);
    expect(submission.parameters.audio_mode).toBe(mode);
    expect(submission.inputs.map(({ role }) => role)).toEqual(['image', 'audio', 'audio2']);
  });

  it('ignores audio when audio[] is given', () => {
    const second = file('audio[]', 'audio/mpeg');
    expect(submit({}, [portrait, speech, second]).inputs[1]).toEqual({ role: 'audio', media: second.media });
  });

  it('keeps two uploads of the same name apart', () => {
    const twins = [1, 2].map(() => ({
      field: 'audio[]',
      media: { ...media('audio/wav'), fileName: 'voice.wav' },
    }));
    const { inputs } = submit({}, [portrait, ...twins]);
    expect(inputs.slice(1)).toEqual([
      { role: 'audio', media: twins[0]!.media },
      { role: 'audio2', media: twins[1]!.media },
    ]);
  });

  it.each([
    ['text', { input_reference: 'https://example.org/a.png', audio: 'https://example.org/a.wav' }],
    [
      'object',
      {
        input_reference: { image_url: 'https://example.org/a.png' },
        'audio[]': ['https://example.org/a.wav'],
      },
    ],
    [
      'form object',
      {
        'input_reference[image_url]': 'https://example.org/a.png',
        audio_url: 'https://example.org/a.wav',
      },
    ],
  ])('takes media as %s', (_name, fields) => {
    expect(submit(fields, []).inputs).toEqual([
      { role: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
      { role: 'audio', source: { type: 'url', url: 'https://example.org/a.wav' } },
    ]);
  });

  it('takes data URLs, and paths only as objects of the volume', () => {
    const { inputs } = submit(
      { input_reference: 'data:image/png;base64,AAAA', audio: '/my_volume/a.wav' },
      [],
    );
    expect(inputs).toEqual([
      { role: 'image', source: { type: 'base64', text: 'data:image/png;base64,AAAA' } },
      { role: 'audio', objectKey: 'volume/a.wav' },
    ]);
    expect(() => submit({ input_reference: '/my_volume/../../etc/passwd', audio: 'a.wav' }, [])).toThrow();
  });

  it('leaves a prompt with line breaks and separators as it is', () => {
    const prompt = 'first\nvideo_1_1$###$completed$###$second';
    expect(submit({ prompt }).parameters.prompt).toBe(prompt);
  });

  it('asks OPEA clients for both media, OpenAI clients for a prompt at least', () => {
    const missing = { status: 400, body: fixture('error-400-en') };
    expect(refusal(() => submit({ prompt: 'x' }, [portrait]))).toEqual(missing);
    expect(refusal(() => submit({ prompt: 'x' }, [speech]))).toEqual(missing);
    expect(refusal(() => submit({}, []))).toEqual(missing);
    expect(refusal(() => submit({ prompt: 'x' }, [speech], openaiContext))).toEqual(missing);
    expect(refusal(() => submit({}, [], openaiContext))).toMatchObject({ status: 400 });
  });

  it.each([
    ['t2v', [], 4],
    ['i2v', [portrait], 4],
  ])('makes %s for OpenAI clients', (kind, files, seconds) => {
    const submission = submit({ prompt: 'x', model: 'sora-2' }, files, openaiContext);
    expect(submission).toMatchObject({ kind, model: 'wan', parameters: { seconds, seed: 7 } });
  });

  it('does not animate a video without audio', () => {
    const video = file('input_reference', 'video/mp4');
    expect(refusal(() => submit({ prompt: 'x' }, [video], openaiContext))).toMatchObject({ status: 400 });
  });

  it.each([
    [undefined, 'infinitetalk'],
    ['InfinteTalk', 'infinitetalk'],
    ['InfiniteTalk', 'infinitetalk'],
    ['preview', 'preview'],
  ])('model %s means %s', (model, name) => {
    expect(submit({ model }).model).toBe(name);
  });

  it.each([
    ['seconds', '0', "The 'seconds' parameter must be greater than 0."],
    ['seconds', '-3', "The 'seconds' parameter must be greater than 0."],
    ['steps', 'abc', "invalid literal for int() with base 10: 'abc'"],
    ['steps', '1.5', "invalid literal for int() with base 10: '1.5'"],
    ['shift', 'abc', "could not convert string to float: 'abc'"],
    ['size', 'large', "Invalid size format. Expected 'widthxheight'."],
    ['size', '1x1', 'each side must be 16 to 8192 pixels'],
    ['steps', '0', 'steps must not be less than 1'],
    ['audio_type', 'both', 'audio_type must be one of'],
    ['logo_video', 'true', 'no logo clip is configured'],
    ['model', 'unknown', 'must be one of infinitetalk, latentsync, wan, preview'],
    ['audio', 7, 'must be files, URLs'],
    ['input_reference', { file_id: 'file_1' }, 'must be a file, a URL'],
  ])('refuses %s = %s', (name, value, message) => {
    const files = [portrait, speech].filter(({ field }) => field !== name);
    expect(refusal(() => submit({ [name]: value }, files))).toEqual({
      status: 400,
      body: { error: { message: expect.stringContaining(message) as string, code: '400' } },
    });
  });

  it('asks for the logo clip where there is one, and remembers nothing otherwise', () => {
    const withLogo = { ...context, hasLogo: true };
    const asked = submit({ logo_video: 'True' }, undefined, withLogo);
    expect(asked).toMatchObject({ extras: { append_logo: true }, request: { logo_video: true } });
    expect(submit({ logo_video: 'false' }, undefined, withLogo).extras).toEqual({});
    expect(submit({}).extras).toEqual({});
  });

  it('refuses a third audio and a second reference', () => {
    const audio = file('audio[]', 'audio/wav');
    expect(refusal(() => submit({}, [portrait, audio, audio, audio]))).toMatchObject({ status: 400 });
    expect(refusal(() => submit({}, [portrait, portrait, speech]))).toMatchObject({ status: 400 });
  });

  it('makes ids of the documented form that nobody can guess', () => {
    const ids = Array.from({ length: 200 }, newVideoId);
    expect(new Set(ids).size).toBe(200);
    for (const id of ids) expect(id).toMatch(/^video_\d{10}_\d{20}$/);
  });

  it('reads forms: only audio repeats', () => {
    const lists = { prompt: ['a', 'b'], 'audio[]': ['u1', 'u2'] };
    expect(fieldsOfForm({ fields: { prompt: 'b', 'audio[]': 'u2' }, lists })).toEqual({
      prompt: 'b',
      'audio[]': ['u1', 'u2'],
    });
  });
});

describe('negotiation', () => {
  it.each([
    ['/v1/videos', {}, 'opea'],
    ['/openai/v1/videos', {}, 'openai'],
    ['/v1/videos', { 'x-stainless-lang': 'js' }, 'openai'],
  ])('%s %j: %s', (path, headers, words) => {
    expect(wordsOf(path, headers)).toBe(words);
  });

  it.each([
    [undefined, 'en'],
    ['*', 'en'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['en;q=0.5, zh', 'zh'],
    ['en,zh;q=0.9', 'en'],
    ['zh;q=0', 'en'],
  ])('%s: %s', (header, language) => {
    expect(languageOf({ 'accept-language': header })).toBe(language);
  });
});

function view(task: Task, given: Partial<TaskView> = {}): TaskView {
  return {
    task,
    queuePosition: 0,
    estimatedSeconds: 0,
    resultLink: undefined,
    maskLink: undefined,
    posterLink: undefined,
    linksExpireAt: new Date(0),
    ...given,
  };
}

const talk = (given: Partial<Task> = {}): Task =>
  aTask({
    dialect: 'opea-videos',
    publicId: 'video_1766454718_2556',
    model: 'infinitetalk',
    createdAt: new Date(1766454718_500),
    assets: [{ role: 'audio', facts: { durationSeconds: 3.9 } }],
    ...given,
  });
const started = { startedAt: new Date(1766454720_000), finishedAt: new Date(1766455150_000) };

describe('presenter', () => {
  it("answers the document's examples, field by field and in order", () => {
    const created = presentVideo(view(talk(), { queuePosition: 1, estimatedSeconds: 14 * 60 }), opea);
    expect(JSON.stringify(created)).toBe(JSON.stringify(fixture('created')));
    const completed = presentVideo(view(talk({ state: 'succeeded', progress: 1, ...started })), opea);
    expect(JSON.stringify(completed)).toBe(JSON.stringify(fixture('completed')));
    const removed = talk({
      publicId: 'video_1721105333_1234',
      state: 'succeeded',
      createdAt: new Date(1721105333_000),
      startedAt: new Date(1721105333_000),
      finishedAt: new Date(1721105347_000),
      assets: [{ role: 'audio', facts: { durationSeconds: 15.2 } }],
    });
    expect(JSON.stringify(presentDeleted(removed, opea))).toBe(JSON.stringify(fixture('deleted')));
  });

  it.each([
    ['queued', 'queued', 'queued'],
    ['running', 'processing', 'in_progress'],
    ['succeeded', 'completed', 'completed'],
    ['failed', 'error', 'failed'],
    ['cancelled', 'error', 'failed'],
  ] as const)('%s is %s or %s', (state, opeaWord, openaiWord) => {
    expect(presentVideo(view(talk({ state })), opea)).toMatchObject({ status: opeaWord });
    expect(presentVideo(view(talk({ state })), openai)).toMatchObject({ status: openaiWord });
  });

  it.each([
    ['queued', 0, 0],
    ['running', 0.005, 0],
    ['running', 0.999, 99],
    ['running', 1, 99],
    ['failed', 0.4, 40],
    ['succeeded', 1, 100],
  ] as const)('%s at %d shows %d percent', (state, progress, percent) => {
    expect(presentVideo(view(talk({ state, progress })), opea)).toMatchObject({ progress: percent });
  });

  it('counts the jobs that run as standing before one that waits', () => {
    expect(presentVideo(view(talk(), { queuePosition: 2 }), opea, 3)).toMatchObject({ queue_length: 5 });
    for (const state of ['running', 'succeeded', 'failed', 'cancelled'] as const)
      expect(presentVideo(view(talk({ state })), opea, 3)).toMatchObject({ queue_length: 0 });
  });

  it.each([
    ['succeeded', new Date(1766541550_900), 1766541550],
    ['succeeded', undefined, null],
    ['failed', new Date(1766541550_900), null],
  ] as const)('%s, kept until %s: its file expires at %s', (state, expiresAt, expected) => {
    const shown = presentVideo(view(talk({ state }), expiresAt && { expiresAt }), openai);
    expect(shown).toMatchObject({ expires_at: expected });
  });

  it('never promises 0 minutes to a job that waits, and none to one that has ended', () => {
    const minutes = (task: Task, estimatedSeconds: number | undefined) =>
      presentVideo(view(task, { estimatedSeconds }), opea);
    expect(minutes(talk(), undefined)).toMatchObject({ estimated_time: 1 });
    expect(minutes(talk({ state: 'running' }), 3)).toMatchObject({ estimated_time: 1 });
    expect(minutes(talk(), 61)).toMatchObject({ estimated_time: 2 });
    expect(minutes(talk({ state: 'failed' }), 0)).toMatchObject({ estimated_time: 0, queue_length: 0 });
  });

  it('tells errors in the form and language of the client', () => {
    const failed = view(talk({ state: 'failed', error: { code: 'FACE_NOT_DETECTED', text: 'No face.' } }));
    expect(presentVideo(failed, opea)).toMatchObject({ error: 'No face.' });
    expect(presentVideo(failed, { ...opea, language: 'zh' })).toMatchObject({
      error: '参考图像中未检测到人脸。',
    });
    expect(presentVideo(failed, openai)).toMatchObject({
      error: { code: 'face_not_detected', message: 'No face.' },
    });
    expect(presentVideo(view(talk()), openai)).toMatchObject({ error: null });
  });

  it('gives OpenAI clients the fields of their video object', () => {
    const task = talk({
      state: 'succeeded',
      ...started,
      parameters: { prompt: 'x', width: 720, height: 1280 },
      model: 'preview',
    });
    expect(presentVideo(view(task, { resultLink: 'https://s3/x' }), openai)).toMatchObject({
      object: 'video',
      model: 'preview',
      seconds: '3',
      completed_at: 1766455150,
      expires_at: null,
      prompt: 'x',
      size: '720x1280',
      remixed_from_video_id: null,
      url: 'https://s3/x',
    });
    expect(presentDeleted(task, openai)).toEqual({
      id: task.publicId,
      object: 'video.deleted',
      deleted: true,
    });
  });

  it.each([
    ['one audio', [3.9], undefined, 3],
    ['add is the sum', [3.9, 2.3], 'add', 6],
    ['para is the longer one', [3.9, 2.3], 'para', 3],
    ['less than a second', [0.4], undefined, 1],
    ['not fetched yet', [undefined], undefined, 0],
    ['one of two not fetched', [3, undefined], 'add', 0],
  ] as const)('seconds: %s', (_name, lengths, audio_mode, seconds) => {
    const assets = lengths.map((durationSeconds, index) => ({
      role: index === 0 ? ('audio' as const) : ('audio2' as const),
      ...(durationSeconds !== undefined && { facts: { durationSeconds } }),
    }));
    expect(videoSeconds(talk({ assets, parameters: audio_mode ? { audio_mode } : {} }))).toBe(seconds);
  });

  it('seconds with a logo clip: of the sound until the file is there', () => {
    const task = talk({ extras: { append_logo: true } });
    expect(videoSeconds(task)).toBe(3);
    const result = { role: 'result' as const, facts: { durationSeconds: 6.4 } };
    expect(videoSeconds({ ...task, assets: [...task.assets, result] })).toBe(6);
  });

  it('seconds of a video without sound: as asked, then as made', () => {
    const task = talk({ kind: 't2v', assets: [], parameters: { seconds: 4 } });
    expect(videoSeconds(task)).toBe(4);
    const made = { ...task, assets: [{ role: 'result' as const, facts: { durationSeconds: 3.24 } }] };
    expect(videoSeconds(made)).toBe(3);
  });

  it('lists by cursors', () => {
    const [first, last] = [talk({ publicId: 'video_1_2' }), talk({ publicId: 'video_1_1' })];
    expect(presentList([view(first), view(last)], true, openai)).toMatchObject({
      object: 'list',
      first_id: 'video_1_2',
      last_id: 'video_1_1',
      has_more: true,
    });
    expect(presentList([], false, opea)).toEqual({
      object: 'list',
      data: [],
      first_id: null,
      last_id: null,
      has_more: false,
    });
  });

  it.each([
    [undefined, '1000'],
    [1, '500'],
    [60, '6000'],
    [3600, '10000'],
  ])('tells the poll helper of OpenAI when to come back: %s s left', (estimatedSeconds, milliseconds) => {
    const headers = videoHeaders(view(talk(), { estimatedSeconds }), openai);
    expect(headers).toEqual({ 'openai-poll-after-ms': milliseconds });
    expect(videoHeaders(view(talk()), opea)).toEqual({});
  });

  it('names files by id alone', () => {
    const id = { publicId: 'video_1_1' };
    expect(fileNameOf(id, 'video')).toBe('video_1_1.mp4');
    expect(fileNameOf(id, 'thumbnail')).toBe('video_1_1.jpg');
    expect(fileNameOf(id, 'spritesheet')).toBe('video_1_1-spritesheet.jpg');
  });

  it('answers health and statistics in the shapes of the original', () => {
    expect(Object.keys(presentHealth('1.0'))).toEqual(['Service Title', 'Version', 'Service Description']);
    const jobs = [10, 20, 60].map((seconds) =>
      talk({ createdAt: new Date(0), finishedAt: new Date(seconds * 1000) }),
    );
    const [none, some] = [presentStatistics([]), presentStatistics(jobs)];
    expect(Object.values(none)[0]).toMatchObject({ p50_latency: null, average_latency_first_token: null });
    expect(some).toEqual({
      'opea_service@text2video': {
        p50_latency: 20,
        p99_latency: expect.closeTo(59.2) as number,
        average_latency: 30,
        p50_latency_first_token: null,
        p99_latency_first_token: null,
        average_latency_first_token: null,
      },
    });
  });
});

describe('errors', () => {
  const post = { method: 'POST', path: '/v1/videos', headers: {} };
  const zh = { 'accept-language': 'zh-CN' };

  it.each(apiErrorCodes)('%s has the documented body, in every words and language', (code) => {
    const error = new ApiError(code, 'What happened.', { publicId: 'video_1_1', limit: 5 });
    for (const headers of [{}, zh, { 'x-stainless-lang': 'js' }]) {
      const { status, body } = opeaVideosErrors(error, { ...post, headers });
      const { error: answer } = body as { error: Record<string, unknown> };
      expect(status).toBeGreaterThanOrEqual(400);
      expect(answer.code).toBe(String(status));
      expect(answer.message).toMatch(/\S/);
      const keys = 'x-stainless-lang' in headers ? ['message', 'type', 'param', 'code'] : ['message', 'code'];
      expect(Object.keys(answer)).toEqual(keys);
    }
  });

  it("answers the document's own messages to Chinese readers", () => {
    const context = { ...post, headers: zh };
    const unknown = new ApiError('unknown-task', '', { publicId: 'video_1721105333_1234' });
    expect(opeaVideosErrors(unknown, context)).toEqual({ status: 404, body: fixture('error-404-zh') });
    expect(refusal(() => submit({ seconds: '0' }), zh)).toEqual({
      status: 400,
      body: fixture('error-400-zh'),
    });
  });

  it.each(problemRules)('says in Chinese what is wrong with a field: %s', (rule) => {
    const problems = [{ location: 'body' as const, path: ['steps'], rule, message: 'wrong' }];
    const { body } = opeaVideosErrors(new ApiError('invalid-fields', 'wrong', { problems }), {
      ...post,
      headers: zh,
    });
    expect(JSON.stringify(body)).toMatch(/无效的参数类型：'steps' 参数/);
  });

  it('keeps SDKs from repeating a create that may have worked, and lets them repeat the rest', () => {
    const retry = (code: (typeof apiErrorCodes)[number], method: string) =>
      opeaVideosErrors(new ApiError(code, 'x'), { ...post, method }).headers?.['x-should-retry'];
    expect(retry('internal', 'POST')).toBe('false');
    expect(retry('unavailable', 'POST')).toBe('false');
    expect(retry('unavailable', 'GET')).toBeUndefined();
    expect(retry('queue-full', 'POST')).toBeUndefined();
    expect(retry('wrong-state', 'DELETE')).toBeUndefined();
  });

  it('protects a running job from OPEA clients by 400 and asks OpenAI clients to come again by 409', () => {
    const error = new ApiError('wrong-state', '', { publicId: 'video_1_1' });
    expect(opeaVideosErrors(error, post)).toEqual({
      status: 400,
      body: {
        error: { message: 'Video with id video_1_1 is processing and cannot be deleted.', code: '400' },
      },
    });
    expect(opeaVideosErrors(error, { ...post, path: '/openai/v1/videos' }).status).toBe(409);
  });

  it('knows every task error in Chinese', () => {
    for (const code of Object.keys(taskErrors) as (keyof typeof taskErrors)[]) {
      expect(taskErrorText(code, 'English', 'zh')).toMatch(/\p{Script=Han}/u);
      expect(taskErrorText(code, 'English', 'en')).toBe('English');
    }
  });

  it('tells audio without length in the words of the original', () => {
    const error = new ApiError('rejected-input', 'too short', { taskError: 'AUDIO_TOO_SHORT' });
    expect(opeaVideosErrors(error, post)).toEqual({
      status: 400,
      body: { error: { message: 'The provided audio files have non-positive durations.', code: '400' } },
    });
  });
});
