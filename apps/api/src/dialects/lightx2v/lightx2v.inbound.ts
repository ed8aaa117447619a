import type { GenerationParameters, JsonObject, Submission, SubmittedInput, TaskKind } from '@polyreel/core';
import { randomInt } from 'node:crypto';
import { ApiError, type InputProblem } from '../../http/api-error.js';
import type { ReceivedForm } from '../../http/multipart-form.js';
import { invalidFields } from '../../http/parse-fields.js';
import { mediaReference, type Volume } from '../../tasks/media-reference.js';
import { taskWords, type LightX2VCreateBody, type LightX2VGenerationFields } from './lightx2v.dto.js';
import { lengthOf, sizeOf } from './lightx2v.size.js';

/** Which words a task's `status` speaks; remembered on the task. */
export type Vocabulary = 'server' | 'guide';

export interface InboundContext {
  readonly tenant: string;
  readonly models: Readonly<Record<TaskKind, string>>;
  readonly volume: Volume;
  /** Vocabulary demanded by path, header or key. Absent: by kind. */
  readonly vocabulary: Vocabulary | undefined;
  /** Source of ids; a parameter so that this file stays pure. */
  readonly newTaskId: () => string;
}

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Ids that would hide behind other routes. */
const reservedIds = ['all', 'queue', 'video', 'image'];

/** Seed of a form without one; JSON without one gets a random seed. Both as in the original. */
const FORM_SEED = 42;

/** Longest text kept in the record of a request; media are longer and are never kept there. */
const MAX_RECORDED_TEXT = 20_000;

/** Five groups of four letters or digits, as documented; 103 random bits. */
export function newLightX2VTaskId(): string {
  const group = () => Array.from({ length: 4 }, () => idAlphabet[randomInt(idAlphabet.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}

export function fromJson(body: LightX2VCreateBody, context: InboundContext): Submission {
  return submission(body, textInputs(body, context), context);
}

/** File fields of the form and what they mean. */
export const formFiles = {
  image_file: { role: 'image', expected: 'reference' },
  audio_file: { role: 'audio', expected: 'audio' },
  audio_file_2: { role: 'audio2', expected: 'audio' },
  last_frame_file: { role: 'last_image', expected: 'image' },
} as const;

export function fromForm(
  fields: LightX2VCreateBody,
  form: Pick<ReceivedForm, 'files'>,
  context: InboundContext,
): Submission {
  const files = form.files.map(({ media }) => ({ role: media.role, media }));
  const inputs = [...files, ...textInputs(fields, context)];
  const has = (role: SubmittedInput['role']) => inputs.some((input) => input.role === role);
  if (has('audio') && !has('image') && !has('video')) {
    const message = 'image_file is required.';
    throw invalidFields([problem('image_file', 'missing', message, undefined)]);
  }
  const image = files.find(({ role }) => role === 'image');
  if (!has('audio') && (asksForTalk(fields) || image?.media.mediaType.startsWith('video/')))
    throw new ApiError('rejected-input', 'audio_file is required for InfiniteTalk');
  return submission({ ...fields, seed: fields.seed ?? FORM_SEED }, inputs, context);
}

/** Inputs given as text, in the order of their roles. */
function textInputs(body: LightX2VCreateBody, context: InboundContext): SubmittedInput[] {
  const speakers = speakersOf(body);
  const given = [
    ['audio', speakers[0]?.audio],
    ['audio2', speakers[1]?.audio],
    ['image', body.image_path],
    ['video', body.video_path],
    ['last_image', body.last_frame_path],
    ['mask', speakers[0]?.mask ?? body.image_mask_path],
    ['mask2', speakers[1]?.mask],
  ] as const;
  return given.flatMap(([role, text]) => (text ? [mediaReference(role, text, context.volume)] : []));
}

/** The persons from talk_objects, else from a comma separated audio_path. */
function speakersOf(body: LightX2VCreateBody): readonly { audio: string; mask?: string }[] {
  if (body.talk_objects?.length) return body.talk_objects;
  const text = body.audio_path?.trim() ?? '';
  const speakers = listOf(text).map((part) => part.trim());
  const audios = speakers.filter((part) => part !== '').map((audio) => ({ audio }));
  if (audios.length > 2)
    throw new ApiError('rejected-input', `At most two audios can be given, not ${audios.length}.`);
  return audios;
}

/** Data URLs hold a comma of their own, and bare base64 may be anything. */
function listOf(text: string): string[] {
  if (/^data:/i.test(text)) return text.split(/,\s*(?=data:)/i);
  return text.length > 8192 ? [text] : text.split(',');
}

function submission(
  fields: LightX2VCreateBody,
  inputs: readonly SubmittedInput[],
  context: InboundContext,
): Submission {
  const kind = kindOf(fields, inputs);
  checkFields(fields, kind);
  const id = fields.task_id || context.newTaskId();
  const path = fields.save_result_path || fields.save_video_path;
  return {
    publicId: id,
    tenant: context.tenant,
    dialect: 'lightx2v',
    endpoint: '',
    kind,
    model: context.models[kind],
    parameters: parametersOf(fields, kind),
    seedDrawn: fields.seed === undefined,
    request: recordOf(fields),
    extras: {
      vocabulary: context.vocabulary ?? (kind === 'talk' ? 'server' : 'guide'),
      ...(path && { save_result_path: path }),
    },
    priority: 0,
    inputs,
  };
}

/** The kind by the inputs; the `task` of the newest generation must agree with it. */
function kindOf(fields: LightX2VCreateBody, inputs: readonly SubmittedInput[]): TaskKind {
  const roles = new Set(inputs.map(({ role }) => role));
  const kind = roles.has('audio') ? 'talk' : roles.has('image') ? 'i2v' : 't2v';
  if (kind !== 'talk' && (asksForTalk(fields) || roles.has('video') || roles.has('audio2')))
    throw new ApiError('rejected-input', 'audio_path is required for InfiniteTalk video generation');
  const asked = fields.task === undefined ? kind : taskWords[fields.task];
  if ((kind === 't2v' && roles.size > 0) || (asked === 'i2v' && kind === 't2v'))
    throw new ApiError('rejected-input', 'image_path is required.');
  if (asked !== kind)
    throw invalidFields([
      problem('task', 'conflict', `the inputs make a ${kind} task, not ${fields.task}`, fields.task),
    ]);
  return kind;
}

/** Fields only talking videos have a use for. */
function asksForTalk({ size, task, talk_objects }: LightX2VCreateBody): boolean {
  const byTask = task !== undefined && taskWords[task] === 'talk';
  return byTask || (typeof size === 'string' && size.startsWith('infinitetalk-')) || !!talk_objects?.length;
}

function checkFields(fields: LightX2VCreateBody, kind: TaskKind): void {
  const { task_id: id, save_result_path: path, presigned_url: url } = fields;
  const problems: InputProblem[] = [];
  if (id && (!/^[\w.-]{1,64}$/.test(id) || /^\.+$/.test(id) || reservedIds.includes(id)))
    problems.push(
      problem(
        'task_id',
        'conflict',
        `may hold letters, digits, dot, dash and underscore, and not be ${reservedIds.join(', ')}`,
        id,
      ),
    );
  if (path && (/\p{Cc}/u.test(path) || !path.isWellFormed()))
    problems.push(problem('save_result_path', 'conflict', 'may not hold control characters', path));
  if (url) problems.push(problem('presigned_url', 'conflict', 'belongs to image tasks; leave it out', url));
  if (kind === 't2v' && !fields.prompt)
    problems.push(problem('prompt', 'missing', 'is required for text to video', undefined));
  if (problems.length > 0) throw invalidFields(problems);
}

function parametersOf(fields: LightX2VGenerationFields, kind: TaskKind): GenerationParameters {
  return {
    prompt: fields.prompt || undefined,
    negative_prompt: fields.negative_prompt || undefined,
    ...sizeOf(fields),
    ...lengthOf(fields, kind),
    fps: fields.target_fps,
    steps: fields.infer_steps,
    seed: fields.seed ?? randomInt(2 ** 32),
    guidance_scale: fields.text_guide_scale,
    audio_guidance_scale: fields.audio_guide_scale,
    shift: fields.sample_shift,
    motion_frames: fields.motion_frame,
    audio_mode: fields.audio_type,
    use_teacache: fields.use_teacache,
    teacache_thresh: fields.teacache_thresh,
    sr_ratio: fields.sr_ratio,
    lora_name: fields.lora_name || undefined,
    lora_strength: fields.lora_name ? fields.lora_strength : undefined,
    // Values that ask for nothing are not worth a note in the task's message.
    resize_mode: fields.resize_mode === 'adaptive' ? undefined : fields.resize_mode,
    num_fragments: fields.num_fragments === 1 ? undefined : fields.num_fragments,
    use_prompt_enhancer: fields.use_prompt_enhancer || undefined,
  };
}

function problem(name: string, rule: InputProblem['rule'], message: string, value: unknown): InputProblem {
  return { location: 'body', path: [name], rule, message: `Field '${name}': ${message}.`, value };
}

const mediaFields = /^(image|last_frame|image_mask|video|audio)_path$|^talk_objects$|_file(_2)?$/;

/** The request for the record: plain fields, those this API does not know among them, without media. */
function recordOf(fields: LightX2VGenerationFields): JsonObject {
  const plain = (value: unknown) =>
    value === null || ['number', 'boolean'].includes(typeof value) || isShort(value) || isShortList(value);
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !mediaFields.test(name) && plain(value)),
  ) as JsonObject;
}

function isShort(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_RECORDED_TEXT;
}

function isShortList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 8 && value.every((item) => typeof item === 'number');
}
