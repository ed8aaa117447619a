import { expect, it } from 'vitest';
import { ApiError } from '../../http/api-error.js';
import { resultRoleOf } from './latentsync.request.js';

it('knows two files and no others', () => {
  expect(resultRoleOf('output.mp4')).toBe('result');
  expect(resultRoleOf('output_mask.mp4')).toBe('mask_result');
  for (const file of ['input.mp4', 'constructor', '..']) expect(() => resultRoleOf(file)).toThrow(ApiError);
});
