import {
  copyExtras,
  secretsOwner,
  type CopyCredentials,
  type Endpoint,
  type GenerationParameters,
  type InputRole,
  type JsonObject,
  type SecretBox,
  type Submission,
  type SubmittedInput,
} from '@polyreel/core';
import type { InputProblem } from '../../http/api-error.js';
import { invalidFields, parseFields } from '../../http/parse-fields.js';
import { mediaReference, volumeKey, type Volume } from '../../tasks/media-reference.js';
import type { SampleName, Samples } from '../../tasks/samples.js';
import { RunpodInput, RunpodJobRequest, type RunpodPolicy, type RunpodS3Config } from './runpod.dto.js';

export interface InboundContext {
  readonly tenant: string;
  readonly endpoint: Endpoint;
  readonly volume: Volume;
  readonly samples: Pick<Samples, 'input'>;
  readonly secrets: Pick<SecretBox, 'canSeal' | 'seal'>;
  /** `<uuid>-u1` or `sync-<uuid>-u1`; given, so that this file stays pure. */
  readonly jobId: string;
}

type FieldName = keyof RunpodInput & string;

/** Fields of which a job may give one. */
const alternatives = {
  image: ['image_path', 'image_url', 'image_base64', 'image'],
  last_image: ['last_image'],
  video: ['video_path', 'video_url', 'video_base64', 'video'],
  audio: ['wav_path', 'wav_url', 'wav_base64', 'audio'],
  audio2: ['wav_path_2', 'wav_url_2', 'wav_base64_2'],
  length: ['max_frame', 'num_frames', 'duration'],
  steps: ['num_inference_steps', 'inference_steps'],
  guidance: ['guidance', 'guidance_scale'],
} as const satisfies Record<string, readonly FieldName[]>;

const mediaFields = new Set<string>(
  (['image', 'last_image', 'video', 'audio', 'audio2'] as const).flatMap((medium) => alternatives[medium]),
);

/** Example files of the original worker; the documents name them as the default of every form of a medium. */
const examplePaths: Readonly<Partial<Record<string, SampleName>>> = {
  '/examples/image.jpg': 'portrait',
  '/examples/audio.mp3': 'speech',
};

/** What the original worker does with a talking video when a request does not say. */
const talkDefaults = { prompt: 'A person talking naturally', side: 512, seed: 2, fps: 25 } as const;

/** Seconds a job lives when the request does not say. */
const DEFAULT_TTL = 86_400;

const LOW_PRIORITY = -1;

/** @throws ApiError invalid-fields; TaskError for paths outside the volume or missing samples */
export function fromJobRequest(body: unknown, context: InboundContext): Submission {
  const request = parseFields(RunpodJobRequest, body);
  const input = withoutEmptyText(parseFields(RunpodInput, request.input, 'body', 'refuse'));
  const { kind, name, model } = context.endpoint;
  const copy = request.s3Config && copyOf(request.s3Config, context);
  return {
    publicId: context.jobId,
    tenant: context.tenant,
    dialect: 'runpod',
    endpoint: name,
    kind,
    model,
    parameters: parametersOf(input, context.endpoint),
    request: { input: recordOf(input) },
    extras: { ...(input.network_volume && { network_volume: true }), ...copy?.extras },
    ...(copy && { sealedSecrets: copy.sealedSecrets }),
    inputs: kind === 'talk' ? talkInputs(input, context) : plainInputs(input, context),
    ...(request.webhook && { webhookUrl: request.webhook }),
    ...policyOf(request.policy ?? {}),
  };
}

/** The wish for a copy in the client's bucket: the place in clear, the credentials sealed. */
function copyOf(
  { accessId, accessSecret, bucketName, endpointUrl, objectPath = '' }: RunpodS3Config,
  { secrets, tenant, jobId }: InboundContext,
): Required<Pick<Submission, 'extras' | 'sealedSecrets'>> {
  if (!secrets.canSeal)
    throw problem(
      's3Config',
      'conflict',
      "Field 's3Config' is not taken by this server, which has no SECRETS_KEY to keep the credentials with; use output.video_url.",
    );
  const key = objectPath.replace(/^\/+/, '');
  if (key.split('/').some((part) => part === '.' || part === '..'))
    throw problem('objectPath', 'conflict', "Field 's3Config.objectPath' must not hold . or .. as a part.");
  const credentials: CopyCredentials = { accessKeyId: accessId, secretAccessKey: accessSecret };
  return {
    extras: copyExtras({ endpoint: originOf(endpointUrl), bucket: bucketName, key }),
    sealedSecrets: secrets.seal(JSON.stringify(credentials), secretsOwner(tenant, jobId)),
  };
}

/** @throws ApiError for more than scheme and host: what would be ignored had better be refused */
function originOf(endpointUrl: string): string {
  const url = URL.parse(endpointUrl);
  if (!url || !/^https?:$/.test(url.protocol))
    throw problem('endpointUrl', 'conflict', "Field 's3Config.endpointUrl' must be an http(s) URL.");
  if (url.username || url.password || url.search || url.hash || url.pathname !== '/')
    throw problem(
      'endpointUrl',
      'conflict',
      "Field 's3Config.endpointUrl' must be a scheme and a host only.",
    );
  return url.origin;
}

function policyOf({ executionTimeout, lowPriority, ttl }: RunpodPolicy) {
  return {
    priority: lowPriority ? LOW_PRIORITY : 0,
    ttlSeconds: typeof ttl === 'number' ? ttl / 1000 : DEFAULT_TTL,
    ...(typeof executionTimeout === 'number' && { executionTimeoutSeconds: executionTimeout / 1000 }),
  };
}

/** The inputs of a talking video; what is missing comes from the bundled samples, as documented. */
function talkInputs(input: RunpodInput, context: InboundContext): SubmittedInput[] {
  const { input_type: type = 'image', person_count: persons = 'single' } = input;
  const other = type === 'image' ? 'video' : 'image';
  const superfluous = chosen(input, other) ?? chosen(input, 'last_image');
  if (superfluous)
    throw refused(superfluous, `is not used when input_type is "${type}"; give ${type}_url instead`);
  const inputs = [
    mediumOf(input, type, type, context) ??
      context.samples.input(type, type === 'image' ? 'portrait' : 'portrait-video'),
    mediumOf(input, 'audio', 'audio', context) ?? context.samples.input('audio', 'speech'),
  ];
  const second = mediumOf(input, 'audio2', 'audio2', context);
  if (persons === 'multi')
    return [
      ...inputs,
      second ?? mediumOf(input, 'audio', 'audio2', context) ?? context.samples.input('audio2', 'speech'),
    ];
  if (second) throw refused(chosen(input, 'audio2')!, 'needs person_count "multi"');
  return inputs;
}

/** The inputs of the other kinds: what was given; the core tells what is missing or superfluous. */
function plainInputs(input: RunpodInput, context: InboundContext): SubmittedInput[] {
  for (const name of ['input_type', 'person_count'] as const)
    if (input[name] !== undefined) throw refused(name, 'belongs to endpoints that make talking videos');
  if (context.endpoint.kind === 't2v' && !input.prompt && !context.endpoint.defaults.prompt)
    throw problem('prompt', 'missing', "Field 'prompt' is required.");
  return (['image', 'last_image', 'video', 'audio', 'audio2'] as const).flatMap((medium) => {
    const found = mediumOf(input, medium, medium, context);
    return found ? [found] : [];
  });
}

function mediumOf(
  input: RunpodInput,
  medium: 'image' | 'last_image' | 'video' | 'audio' | 'audio2',
  role: InputRole,
  { volume, samples }: InboundContext,
): SubmittedInput | undefined {
  const field = chosen(input, medium);
  if (!field) return undefined;
  const text = String(input[field]).trim();
  const example = Object.hasOwn(examplePaths, text) ? examplePaths[text] : undefined;
  if (example) return samples.input(role, example);
  if (/_path(_2)?$/.test(field)) return { role, objectKey: volumeKey(text, volume) };
  if (/_url(_2)?$/.test(field)) return { role, source: { type: 'url', url: text } };
  if (/_base64(_2)?$/.test(field)) return { role, source: { type: 'base64', text } };
  return mediaReference(role, text, volume);
}

function parametersOf(input: RunpodInput, { kind, defaults }: Endpoint): GenerationParameters {
  const parameters = withDefaults(defaults, {
    prompt: input.prompt,
    negative_prompt: input.negative_prompt,
    ...sizeOf(input),
    ...lengthOf(input),
    fps: input.fps,
    seed: input.seed,
    steps: numberOf(input, 'steps'),
    guidance_scale: numberOf(input, 'guidance'),
    audio_guidance_scale: input.audio_guidance_scale,
    shift: input.flow_shift,
    return_mask: input.return_mask,
  });
  if (kind !== 'talk') return parameters;
  const { frames, seconds, ...others } = parameters;
  const side = parameters.resolution === undefined ? talkDefaults.side : undefined;
  return {
    ...others,
    prompt: parameters.prompt ?? talkDefaults.prompt,
    width: parameters.width ?? side,
    height: parameters.height ?? side,
    seed: parameters.seed ?? talkDefaults.seed,
    seconds: frames === undefined ? seconds : frames / (parameters.fps ?? talkDefaults.fps),
    audio_mode: input.person_count === 'multi' ? 'para' : parameters.audio_mode,
  };
}

/** The endpoint's parameters under those of the request; one way of saying a thing replaces the others. */
function withDefaults(defaults: GenerationParameters, asked: GenerationParameters): GenerationParameters {
  const says = (names: readonly string[]) => names.some((name) => asked[name] !== undefined);
  const replaced = new Set([
    ...(says(['resolution']) ? ['width', 'height'] : []),
    ...(says(['width', 'height']) ? ['resolution'] : []),
    ...(says(['frames', 'seconds']) ? ['frames', 'seconds'] : []),
  ]);
  const taken = Object.entries(defaults).filter(([name]) => asked[name] === undefined && !replaced.has(name));
  return { ...asked, ...Object.fromEntries(taken) };
}

function lengthOf(input: RunpodInput): { frames?: number; seconds?: number } {
  const field = chosen(input, 'length');
  if (!field) return {};
  return field === 'duration' ? { seconds: input.duration } : { frames: input[field] as number };
}

function sizeOf(input: RunpodInput): { width?: number; height?: number; resolution?: string } {
  const { size, width, height } = input;
  if (size === undefined) return { width, height };
  if (width !== undefined || height !== undefined)
    throw refused('size', 'cannot be given together with width or height');
  const word = size.trim().toLowerCase();
  if (word === '480p' || word === '720p') return { resolution: word };
  const sides = /^(\d{2,4})[*x](\d{2,4})$/.exec(word)?.slice(1).map(Number);
  if (!sides || sides.some((side) => side < 16 || side > 8192))
    throw problem(
      'size',
      'choice',
      "Field 'size': must be 480p, 720p or WIDTH*HEIGHT, each from 16 to 8192.",
    );
  return { width: sides[0], height: sides[1] };
}

function numberOf(input: RunpodInput, group: 'steps' | 'guidance'): number | undefined {
  const field = chosen(input, group);
  return field && (input[field] as number);
}

/** The one field of a group that was given. @throws ApiError when there are several */
function chosen(input: RunpodInput, group: keyof typeof alternatives): FieldName | undefined {
  const given = (alternatives[group] as readonly FieldName[]).filter((name) => input[name] !== undefined);
  if (given.length > 1)
    throw problem(given[1]!, 'conflict', `Give only one of ${given.join(', ')}, not ${given.length}.`);
  return given[0];
}

/** null and empty text mean "not given": forms and other languages send them for what they left out. */
function withoutEmptyText(input: RunpodInput): RunpodInput {
  return Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  );
}

/** The input for the record: no media, and of each only how it was given. */
function recordOf(input: RunpodInput): JsonObject {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, mediaFields.has(name) ? '...' : (value as string)]),
  );
}

function refused(name: string, text: string) {
  return problem(name, 'conflict', `Field '${name}' ${text}.`);
}

function problem(name: string, rule: InputProblem['rule'], message: string) {
  return invalidFields([{ location: 'body', path: ['input', name], rule, message }]);
}
