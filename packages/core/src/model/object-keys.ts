import type { InputRole, OutputRole } from './asset.js';

/** Keys are built from ids and closed words only; no client text ever enters one. */
export const objectKeys = {
  inputs: (taskId: string) => `inputs/${taskId}/`,
  input: (taskId: string, role: InputRole) => `inputs/${taskId}/${role}`,
  results: (taskId: string) => `results/${taskId}/`,
  /** The attempt is part of the key, so a late attempt can never overwrite the result of another. */
  attempt: (taskId: string, attempt: number) => `results/${taskId}/${attempt}/`,
  output: (taskId: string, attempt: number, role: OutputRole) =>
    `results/${taskId}/${attempt}/${outputFileNames[role]}`,
  /** Made when somebody asks for it, from the result beside it. */
  spritesheet: (taskId: string, attempt: number) => `results/${taskId}/${attempt}/spritesheet.jpg`,
} as const;

const outputFileNames: Record<OutputRole, string> = {
  result: 'video.mp4',
  mask_result: 'mask.mp4',
  poster: 'poster.jpg',
};
