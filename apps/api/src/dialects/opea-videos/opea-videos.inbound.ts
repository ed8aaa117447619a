import type { GenerationParameters, JsonObject, Submission, SubmittedInput, TaskKind } from '@polyreel/core';
import { randomInt } from 'node:crypto';
import type { InputProblem } from '../../http/api-error.js';
import type { ReceivedForm } from '../../http/multipart-form.js';
import { invalidFields } from '../../http/parse-fields.js';
import { mediaReference, type Volume } from '../../tasks/media-reference.js';
import type { OpeaVideosBody } from './opea-videos.dto.js';
import type { Words } from './opea-videos.request.js';

export interface InboundContext {
  readonly tenant: string;
  readonly words: Words;
  /** Model of each kind when the request names none. */
  readonly models: Readonly<Record<TaskKind, string>>;
  /** Models some engine has announced. */
  readonly announced: ReadonlySet<string>;
  readonly volume: Volume;
  /** This server has a clip to put behind results. */
  readonly hasLogo: boolean;
  /** Who is told about the end of every video. Absent: nobody. */
  readonly webhookUrl?: string;
  /** Sources of chance; parameters so that this file stays pure. */
  readonly newVideoId: () => string;
  readonly newSeed: () => number;
}

/** Seed the document promises when none is given. */
const DOCUMENTED_SEED = 42;
/** Seconds OpenAI's reference promises for a video nothing else sets the length of. */
const DEFAULT_SECONDS = 4;
const MAX_SPEAKERS = 2;

/** Names of hosted models that many clients send unasked; they mean the model of this server. */
const hostedModels = /^sora-2(-pro)?$/;

/** The document's original writes this name without its third "i"; both spellings are understood. */
const infiniteTalk = /^infini?tetalk$/i;

/** `video_<unix seconds>_<20 digits>`; the digits carry 66 random bits. */
export function newVideoId(): string {
  const digits = () => String(randomInt(10 ** 10)).padStart(10, '0');
  return `video_${Math.floor(Date.now() / 1000)}_${digits()}${digits()}`;
}

export function newSeed(): number {
  return randomInt(2 ** 32);
}

export function toSubmission(
  fields: OpeaVideosBody,
  files: ReceivedForm['files'],
  context: InboundContext,
): Submission {
  const audios = audiosOf(fields, files, context.volume);
  const reference = referenceOf(fields, files, context.volume);
  const kind = kindOf(fields, reference, audios, context.words);
  if (fields.logo_video && !context.hasLogo)
    throw invalidFields([
      problem(
        'logo_video',
        'conflict',
        'no logo clip is configured on this server; leave it out or send false',
        true,
      ),
    ]);
  return {
    publicId: context.newVideoId(),
    tenant: context.tenant,
    dialect: 'opea-videos',
    endpoint: '',
    kind,
    model: modelOf(fields.model, kind, context),
    parameters: parametersOf(fields, kind, audios.length, context),
    request: recordOf(fields),
    extras: fields.logo_video ? { append_logo: true } : {},
    priority: 0,
    inputs: [...(reference ? [reference] : []), ...audios],
    seedDrawn: fields.seed === undefined && context.words === 'openai',
    ...(context.webhookUrl && { webhookUrl: context.webhookUrl }),
  };
}

function kindOf(
  fields: OpeaVideosBody,
  reference: SubmittedInput | undefined,
  audios: readonly SubmittedInput[],
  words: Words,
): TaskKind {
  if (audios.length > 0 && reference) return 'talk';
  // OpenAI's clients know no audio: with a picture they animate it, without one the prompt is all.
  if (audios.length > 0 || words === 'opea') throw mediaMissing(reference ? 'audio' : 'input_reference');
  if (reference && 'media' in reference && reference.media.mediaType.startsWith('video/'))
    throw mediaMissing('audio');
  if (reference) return 'i2v';
  if (!fields.prompt) throw invalidFields([problem('prompt', 'missing', 'is required', undefined)]);
  return 't2v';
}

function referenceOf(
  fields: OpeaVideosBody,
  files: ReceivedForm['files'],
  volume: Volume,
): SubmittedInput | undefined {
  const given = files.filter(({ field }) => field === 'input_reference');
  if (given.length > 1)
    throw invalidFields([problem('input_reference', 'too-long', 'give exactly one file', undefined)]);
  if (given[0]) return { role: 'image', media: given[0].media };
  const text = referenceText(fields.input_reference) ?? fields['input_reference[image_url]'];
  return text ? mediaReference('image', text, volume) : undefined;
}

/** Text, or OpenAI's object with a URL; its `file_id` would need a Files API. */
function referenceText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  const url = typeof value === 'object' && 'image_url' in value ? value.image_url : undefined;
  if (typeof url === 'string' && url !== '') return url;
  throw invalidFields([
    problem(
      'input_reference',
      'object',
      'must be a file, a URL, a data URL, base64 or {"image_url": "..."}',
      value,
    ),
  ]);
}

/** Files before texts of the same field, each in the order of the request. */
function audiosOf(fields: OpeaVideosBody, files: ReceivedForm['files'], volume: Volume): SubmittedInput[] {
  const all = ['audio[]', 'audio', 'audio_url'] as const;
  const inputs = all.map((name) => [
    ...files.filter(({ field }) => field === name).map(({ media }) => ({ media })),
    ...textsOf(name, fields[name]).map((text) => mediaReference('audio', text, volume)),
  ]);
  const speakers = inputs.find((list) => list.length > 0) ?? [];
  if (speakers.length > MAX_SPEAKERS)
    throw invalidFields([
      problem('audio', 'too-long', `give at most two audios, not ${speakers.length}`, undefined),
    ]);
  return speakers.map((input, index) => ({ ...input, role: index === 0 ? 'audio' : 'audio2' }));
}

function textsOf(name: string, value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list
    .filter((text) => text !== undefined && text !== null && text !== '')
    .map((text) => {
      if (typeof text === 'string') return text;
      throw invalidFields([
        problem(name, 'string', 'must be files, URLs, data URLs or base64 texts', undefined),
      ]);
    });
}

function modelOf(wanted: string | undefined, kind: TaskKind, context: InboundContext): string {
  if (!wanted || hostedModels.test(wanted)) return context.models[kind];
  const known = [...new Set([...Object.values(context.models), ...context.announced])];
  const name = infiniteTalk.test(wanted) ? 'infinitetalk' : wanted;
  if (known.includes(name)) return name;
  throw invalidFields([
    problem('model', 'choice', `must be one of ${known.join(', ')}, or be left out`, wanted),
  ]);
}

/** Only what the client sends reaches the model, and the two defaults that are promised: seed and seconds. */
function parametersOf(
  fields: OpeaVideosBody,
  kind: TaskKind,
  speakers: number,
  { words, newSeed }: InboundContext,
): GenerationParameters {
  return {
    prompt: fields.prompt || undefined,
    negative_prompt: fields.negative_prompt || undefined,
    ...sizeOf(fields.size),
    fps: fields.fps,
    // The document: the length of a talking video is that of its audio, whatever `seconds` says.
    seconds: kind === 'talk' ? undefined : (fields.seconds ?? DEFAULT_SECONDS),
    steps: fields.steps,
    seed: fields.seed ?? (words === 'opea' ? DOCUMENTED_SEED : newSeed()),
    guidance_scale: fields.guide_scale,
    audio_guidance_scale: fields.audio_guide_scale,
    shift: fields.shift,
    audio_mode: speakers === MAX_SPEAKERS ? (fields.audio_type ?? 'add') : undefined,
  };
}

function sizeOf(size: string | undefined): { width?: number; height?: number } {
  if (!size) return {};
  const match = /^(\d{1,5})x(\d{1,5})$/i.exec(size.trim());
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  if (width >= 16 && width <= 8192 && height >= 16 && height <= 8192) return { width, height };
  const message = match ? 'each side must be 16 to 8192 pixels' : `expected 'widthxheight'`;
  throw invalidFields([problem('size', match ? 'too-large' : 'conflict', message, size)]);
}

function mediaMissing(name: 'input_reference' | 'audio'): Error {
  return invalidFields([problem(name, 'missing', 'must be provided', undefined)]);
}

function problem(name: string, rule: InputProblem['rule'], message: string, value: unknown): InputProblem {
  return { location: 'body', path: [name], rule, message: `Field '${name}': ${message}.`, value };
}

/** Fields kept for the record: the known ones, without media. */
const recorded = [
  'prompt',
  'negative_prompt',
  'audio_type',
  'audio_guide_scale',
  'guide_scale',
  'shift',
  'steps',
  'fps',
  'seed',
  'seconds',
  'size',
  'model',
  'logo_video',
] as const satisfies readonly (keyof OpeaVideosBody)[];

function recordOf(fields: OpeaVideosBody): JsonObject {
  return Object.fromEntries(
    recorded.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
  );
}
