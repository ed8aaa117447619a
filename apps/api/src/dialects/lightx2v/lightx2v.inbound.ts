import type { GenerationParameters, JsonObject, Submission, SubmittedInput, TaskKind } from '@polyreel/core';
import { randomInt } from 'node:crypto';
import { ApiError, type InputProblem } from '../../http/api-error.js';
import { invalidFields } from '../../http/parse-fields.js';
import type { ReceivedForm } from '../../http/multipart-form.js';
import { mediaReference, type Volume } from '../../tasks/media-reference.js';
import type { LightX2VCreateBody, LightX2VFormFields, LightX2VGenerationFields } from './lightx2v.dto.js';

/** Which words a task's `status` speaks; remembered on the task. */
export type Vocabulary = 'server' | 'guide';

export interface InboundContext {
  readonly tenant: string;
  readonly models: Readonly<Record<TaskKind, string>>;
  readonly volume: Volume;
  /** Vocabulary demanded by path or header. Absent: by kind. */
  readonly vocabulary: Vocabulary | undefined;
  /** Source of ids; a parameter so that this file stays pure. */
  readonly newTaskId: () => string;
}

/** Longest side of the size words; the engine keeps the shape of the reference. */
const sizeWords: Readonly<Record<string, { resolution: string }>> = {
  'infinitetalk-480': { resolution: '480p' },
  'infinitetalk-720': { resolution: '720p' },
};

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Five groups of four letters or digits, as documented; 103 random bits. */
export function newLightX2VTaskId(): string {
  const group = () => Array.from({ length: 4 }, () => idAlphabet[randomInt(idAlphabet.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}

export function fromJson(body: LightX2VCreateBody, context: InboundContext): Submission {
  const inputs: SubmittedInput[] = [];
  const add = (role: SubmittedInput['role'], text: string | undefined) => {
    if (text) inputs.push(mediaReference(role, text, context.volume));
  };
  const speakers = speakersOf(body);
  add('audio', speakers[0]);
  add('audio2', speakers[1]);
  if (body.image_path) add('image', body.image_path);
  else add('video', body.video_path);
  add('last_image', body.last_frame_path);
  return submission(body, inputs, context, body.task_id);
}

export function fromForm(
  fields: LightX2VFormFields,
  form: ReceivedForm,
  context: InboundContext,
): Submission {
  const inputs = form.files.map(({ media }) => ({ role: media.role, media }));
  const hasAudio = inputs.some(({ role }) => role === 'audio');
  const image = inputs.find(({ role }) => role === 'image');
  if (hasAudio && !image) throw missing('image_file');
  if (image?.media.mediaType.startsWith('video/') && !hasAudio) throw missing('audio_file');
  return submission(fields, inputs, context, undefined);
}

/** File fields of the form and what they mean. */
export const formFiles = {
  image_file: { role: 'image', expected: 'reference' },
  audio_file: { role: 'audio', expected: 'audio' },
  audio_file_2: { role: 'audio2', expected: 'audio' },
  last_frame_file: { role: 'last_image', expected: 'image' },
} as const;

function submission(
  fields: LightX2VGenerationFields,
  inputs: readonly SubmittedInput[],
  context: InboundContext,
  publicId: string | undefined,
): Submission {
  if (publicId !== undefined && !/^[\w.-]{1,64}$/.test(publicId))
    throw invalidFields([
      problem('task_id', 'conflict', 'may hold letters, digits, dot, dash and underscore only', publicId),
    ]);
  const roles = new Set(inputs.map(({ role }) => role));
  const kind: TaskKind = roles.has('audio') ? 'talk' : roles.has('image') ? 'i2v' : 't2v';
  if (kind === 't2v' && roles.size > 0) throw new ApiError('rejected-input', 'image_path is required.');
  if (kind !== 'talk' && !fields.prompt && roles.size === 0)
    throw invalidFields([problem('prompt', 'missing', 'Field required', undefined)]);
  const id = publicId ?? context.newTaskId();
  return {
    publicId: id,
    tenant: context.tenant,
    dialect: 'lightx2v',
    endpoint: '',
    kind,
    model: context.models[kind],
    parameters: parametersOf(fields, kind),
    request: fieldsOf(fields),
    extras: {
      vocabulary: context.vocabulary ?? (kind === 'talk' ? 'server' : 'guide'),
      save_result_path: fields.save_result_path || id,
    },
    priority: 0,
    inputs,
  };
}

/**
 * One size and one length out of the fields of all generations.
 * Size: height and width, else target_shape, else size. Length: num_frames, else target_video_length,
 * else max_frame_num (talking videos), else video_duration. A talking video is as long as its sound at most.
 */
function parametersOf(fields: LightX2VGenerationFields, kind: TaskKind): GenerationParameters {
  const size = sizeOf(fields);
  const frames = fields.num_frames ?? fields.target_video_length ?? fields.max_frame_num;
  const fps = fields.target_fps;
  const parameters: GenerationParameters = {
    prompt: fields.prompt || undefined,
    negative_prompt: fields.negative_prompt || undefined,
    ...size,
    fps,
    steps: fields.infer_steps,
    seed: fields.seed ?? randomInt(2 ** 32),
    guidance_scale: fields.text_guide_scale,
    audio_guidance_scale: fields.audio_guide_scale,
    shift: fields.sample_shift,
    motion_frames: fields.motion_frame,
    num_fragments: fields.num_fragments === 1 ? undefined : fields.num_fragments,
  };
  if (kind === 'talk')
    return {
      ...parameters,
      audio_mode: fields.audio_type,
      seconds: fields.video_duration ?? (frames === undefined ? undefined : frames / (fps ?? TALK_FPS)),
    };
  return { ...parameters, frames, seconds: frames === undefined ? fields.video_duration : undefined };
}

/** Frames a second of talking videos when nothing else is asked for. */
const TALK_FPS = 25;

function sizeOf(fields: LightX2VGenerationFields): { width?: number; height?: number; resolution?: string } {
  if (fields.height !== undefined && fields.width !== undefined)
    return { width: fields.width, height: fields.height };
  if (fields.height !== undefined || fields.width !== undefined) {
    const name = fields.height === undefined ? 'height' : 'width';
    throw invalidFields([problem(name, 'missing', 'Give height and width together.', undefined)]);
  }
  const shape = shapeOf('target_shape', fields.target_shape) ?? shapeOf('size', fields.size);
  if (shape) return shape;
  if (typeof fields.size !== 'string' || fields.size === '') return {};
  const word = sizeWords[fields.size];
  if (!word)
    throw invalidFields([
      problem(
        'size',
        'choice',
        `must be [height, width] or one of ${Object.keys(sizeWords).join(', ')}`,
        fields.size,
      ),
    ]);
  return word;
}

function shapeOf(name: string, value: unknown): { width: number; height: number } | undefined {
  const list: unknown = typeof value === 'string' && value.trim().startsWith('[') ? parseList(value) : value;
  if (list === undefined || list === null || typeof list === 'string') return undefined;
  if (Array.isArray(list) && list.length === 0) return undefined;
  const sides = Array.isArray(list) ? list.map(Number) : [];
  if (sides.length !== 2 || sides.some((side) => !Number.isInteger(side) || side < 16 || side > 8192))
    throw invalidFields([
      problem(name, 'list', 'must be [height, width] in pixels, each from 16 to 8192', value),
    ]);
  return { height: sides[0]!, width: sides[1]! };
}

function parseList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** The speech of up to two persons, from talk_objects or a comma separated audio_path. */
function speakersOf(body: LightX2VCreateBody): string[] {
  if (body.talk_objects?.length) return body.talk_objects.map(({ audio }) => audio);
  const text = body.audio_path?.trim() ?? '';
  // Data URLs and base64 hold commas or may be anything; lists are of URLs and paths only.
  const list =
    /^data:/i.test(text) || text.length > 8192 ? [text] : text.split(',').map((part) => part.trim());
  const speakers = list.filter((part) => part !== '');
  if (speakers.length > 2)
    throw new ApiError('rejected-input', `At most two audios can be given, not ${speakers.length}.`);
  return speakers;
}

function missing(name: string): ApiError {
  return new ApiError('rejected-input', `${name} is required for InfiniteTalk`);
}

function problem(name: string, rule: InputProblem['rule'], message: string, value: unknown): InputProblem {
  return { location: 'body', path: [name], rule, message: `Field '${name}': ${message}`, value };
}

/** The request for the record, without media. */
function fieldsOf(fields: LightX2VGenerationFields): JsonObject {
  const media = /_path$|_file$|talk_objects/;
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([name, value]) =>
        !media.test(name) && (value === null || ['string', 'number', 'boolean'].includes(typeof value)),
    ),
  ) as JsonObject;
}
