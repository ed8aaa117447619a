import 'reflect-metadata';
import { taskErrors } from '@polyreel/core';
import { describe, expect, it } from 'vitest';
import { refusal, submit } from '../../../test/opea-videos-requests.js';
import { ApiError, apiErrorCodes, problemRules } from '../../http/api-error.js';
import nonPositiveSeconds from './__fixtures__/error-400-zh.json' with { type: 'json' };
import unknownVideo from './__fixtures__/error-404-zh.json' with { type: 'json' };
import { opeaVideosErrors, taskErrorText } from './opea-videos.errors.js';

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
    expect(opeaVideosErrors(unknown, context)).toEqual({ status: 404, body: unknownVideo });
    expect(refusal(() => submit({ seconds: '0' }), zh)).toEqual({
      status: 400,
      body: nonPositiveSeconds,
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
