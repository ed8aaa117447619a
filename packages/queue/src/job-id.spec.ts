import { describe, expect, it } from 'vitest';
import { attemptOf, jobIdOf } from './job-id.js';

describe('job id', () => {
  it('carries the attempt behind the task id', () => {
    const id = jobIdOf('0199f0c4-5e9a-7000-8000-3c0b6d9f1a22', 12);
    expect(id).toBe('0199f0c4-5e9a-7000-8000-3c0b6d9f1a22-12');
    expect(attemptOf(id)).toBe(12);
  });

  it.each(['', 'task', 'task-', 'task-0', 'task-1.5', 'task-x'])('refuses %j', (id) => {
    expect(() => attemptOf(id)).toThrow(/attempt number/);
  });
});
