import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes } from '../../http/api-error.js';
import { languageOf, latentsyncErrors } from './latentsync.errors.js';

describe('errors', () => {
  const ask = (language?: string) => ({
    method: 'GET',
    path: '/task/x',
    headers: { 'accept-language': language },
  });

  it.each(apiErrorCodes)('%s has a status and a detail', (code) => {
    const reply = latentsyncErrors(new ApiError(code, 'text'), ask());
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.body).toHaveProperty('detail');
  });

  it.each([
    ['unknown-task', {}, 404, '任务不存在', 'Task not found'],
    ['queue-full', { limit: 2 }, 503, '队列已满，请稍后再试', 'The queue is full, try again later'],
    ['rejected-input', { taskError: 'INPUT_UNREACHABLE' }, 400, '无法下载输入文件: text', 'text'],
    ['route-not-found', {}, 404, 'Not Found', 'Not Found'],
  ] as const)('%s %j', (code, details, status, zh, en) => {
    const error = new ApiError(code, 'text', details);
    expect(latentsyncErrors(error, ask())).toEqual({ status, body: { detail: zh } });
    expect(latentsyncErrors(error, ask('en'))).toEqual({ status, body: { detail: en } });
  });

  it('speaks Chinese unless English is preferred', () => {
    expect(languageOf(ask())).toBe('zh');
    expect(languageOf(ask('fr,en;q=0.5'))).toBe('en');
    expect(languageOf(ask('en;q=0.2,zh-CN;q=0.9'))).toBe('zh');
    expect(languageOf(ask('en;q=0,de'))).toBe('zh');
  });
});
