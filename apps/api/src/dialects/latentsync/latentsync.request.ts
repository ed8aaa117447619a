import type { OutputRole } from '@polyreel/core';
import { ApiError } from '../../http/api-error.js';

const resultFiles: Readonly<Record<string, OutputRole>> = {
  'output.mp4': 'result',
  'output_mask.mp4': 'mask_result',
};

/** @throws ApiError result-not-ready for file names that never exist */
export function resultRoleOf(file: string): OutputRole {
  const role = Object.hasOwn(resultFiles, file) ? resultFiles[file] : undefined;
  if (!role) throw new ApiError('result-not-ready', 'There is no such file.');
  return role;
}
