import type { TaskKind } from '@polyreel/core';
import type { InputProblem } from '../../http/api-error.js';
import { invalidFields } from '../../http/parse-fields.js';
import type { LightX2VGenerationFields } from './lightx2v.dto.js';

/** The size words of talking videos name a class; the shape is that of the reference. */
const sizeWords: Readonly<Record<string, { resolution: string }>> = {
  'infinitetalk-480': { resolution: '480p' },
  'infinitetalk-720': { resolution: '720p' },
};

const SMALLEST_SIDE = 16;
const LARGEST_SIDE = 8192;

/** Frames a second of talking videos when nothing else is asked for. */
const TALK_FPS = 25;

/** Pixels, or a class of sizes, or nothing: as the model likes. */
type Size = { width?: number; height?: number; resolution?: string };

/** One size out of all generations: height and width, else target_shape, else size. */
export function sizeOf(fields: LightX2VGenerationFields): Size {
  const { height, width, size } = fields;
  if (height !== undefined && width !== undefined) return { width, height };
  if (height !== undefined || width !== undefined) {
    const name = height === undefined ? 'height' : 'width';
    throw refused({ path: [name], rule: 'missing', message: 'Give height and width together.' });
  }
  const shape = shapeOf('target_shape', fields.target_shape) ?? shapeOf('size', size);
  if (shape) return shape;
  if (typeof size !== 'string' || size === '') return {};
  const word = Object.hasOwn(sizeWords, size) ? sizeWords[size] : undefined;
  if (word) return word;
  const choices = Object.keys(sizeWords);
  const message = `Field 'size' must be [height, width] or one of ${choices.join(', ')}.`;
  throw refused({ path: ['size'], rule: 'choice', message, value: size, context: { choices } });
}

/**
 * One length out of all generations. Talking videos: the most they may be, in seconds; video_duration, else
 * max_frame_num, num_frames, target_video_length. Others: frames by num_frames, else target_video_length, else
 * max_frame_num; else seconds.
 */
export function lengthOf(
  fields: LightX2VGenerationFields,
  kind: TaskKind,
): { frames?: number; seconds?: number } {
  const { num_frames, target_video_length, max_frame_num, video_duration: seconds } = fields;
  if (kind !== 'talk') {
    const frames = num_frames ?? target_video_length ?? max_frame_num;
    if (frames !== undefined) return { frames };
    return seconds === undefined ? {} : { seconds };
  }
  if (seconds !== undefined) return { seconds };
  const frames = max_frame_num ?? num_frames ?? target_video_length;
  return frames === undefined ? {} : { seconds: frames / (fields.target_fps ?? TALK_FPS) };
}

function shapeOf(name: string, value: unknown): { width: number; height: number } | undefined {
  const list: unknown = typeof value === 'string' && value.trim().startsWith('[') ? parsed(value) : value;
  if (list === undefined || list === null || typeof list === 'string') return undefined;
  if (Array.isArray(list) && list.length === 0) return undefined;
  const sides = Array.isArray(list) ? list.map(numberOf) : [];
  const [height, width] = sides;
  if (sides.length !== 2 || !isSide(height) || !isSide(width)) {
    const message = `Field '${name}' must be [height, width] in pixels, each from ${SMALLEST_SIDE} to ${LARGEST_SIDE}.`;
    throw refused({ path: [name], rule: Array.isArray(list) ? 'conflict' : 'list', message, value });
  }
  return { height, width };
}

function isSide(side: unknown): side is number {
  return Number.isInteger(side) && (side as number) >= SMALLEST_SIDE && (side as number) <= LARGEST_SIDE;
}

/** Sides may be text, as numbers may be everywhere. */
function numberOf(side: unknown): unknown {
  return typeof side === 'string' && /^\d{1,5}$/.test(side) ? Number(side) : side;
}

/** A list as the text of a form; text that is none is refused as such. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function refused(problem: Omit<InputProblem, 'location'>): Error {
  return invalidFields([{ location: 'body', ...problem }]);
}
