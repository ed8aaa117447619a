import type { EngineKind } from '../ports/engine.js';
import { assetOf, type Task } from './task.js';
import type { MediaFacts } from './asset.js';
import { parametersFor } from './engine-parameters.js';
import type { GenerationParameters } from './generation-parameters.js';

/** How much there is to compute, by the factors the time grows with. Absent: not known, or the model has no such thing. */
export interface Work {
  readonly megapixels?: number;
  readonly frames?: number;
  /** Denoising steps. */
  readonly steps?: number;
}

/** Frames a second of a talking or lip-synced video nothing else is known about. */
const SPEECH_FPS = 25;

/** A task that was made, by what its result is. @param effective parameters the engine really used */
export function doneWork(result: MediaFacts | undefined, effective: GenerationParameters): Work {
  return workOf(
    megapixels(result?.width, result?.height),
    times(result?.durationSeconds, positive(result?.fps) ?? positive(effective.fps)),
    effective.steps,
  );
}

/**
 * What a task will be, by what was asked for, the model's defaults and the facts of its inputs.
 * @param kind as an engine describes it; undefined: no engine has, so that defaults are not known
 */
export function expectedWork(
  task: Pick<Task, 'kind' | 'parameters' | 'assets'>,
  kind: Pick<EngineKind, 'parameters'> | undefined,
): Work {
  const parameters = kind ? withDefaults(kind, task.parameters) : task.parameters;
  return workOf(megapixelsOf(task, parameters), framesOf(task, parameters), parameters.steps);
}

function workOf(pixels: number | undefined, frames: number | undefined, steps: number | undefined): Work {
  const known = { megapixels: positive(pixels), frames: positive(frames), steps: positive(steps) };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

function withDefaults(
  kind: Pick<EngineKind, 'parameters'>,
  parameters: GenerationParameters,
): GenerationParameters {
  const { used } = parametersFor(kind, parameters);
  // A default length must not win over the one asked for in the other unit.
  const asksLength = used.frames !== undefined || used.seconds !== undefined;
  const defaults = kind.parameters.flatMap(({ name, defaultValue }) =>
    defaultValue === undefined || (asksLength && (name === 'frames' || name === 'seconds'))
      ? []
      : [[name, defaultValue] as const],
  );
  return { ...Object.fromEntries(defaults), ...(used as GenerationParameters) };
}

function megapixelsOf(
  { kind, assets }: Pick<Task, 'kind' | 'assets'>,
  { width, height, resolution }: GenerationParameters,
): number | undefined {
  if (width && height) return megapixels(width, height);
  // "480p" and the like stand for about 16:9, whichever way the picture lies.
  const lines = typeof resolution === 'string' ? Number(/^(\d{3,4})p$/.exec(resolution)?.[1]) : NaN;
  if (lines > 0) return megapixels(lines, (lines * 16) / 9);
  const source = kind === 'lipsync' ? assetOf({ assets }, 'video')?.facts : undefined;
  return megapixels(source?.width, source?.height);
}

function framesOf(
  { kind, assets }: Pick<Task, 'kind' | 'assets'>,
  { frames, seconds, fps, audio_mode: mode }: GenerationParameters,
): number | undefined {
  if (kind === 't2v' || kind === 'i2v') return positive(frames) ?? times(seconds, fps);
  const video = assetOf({ assets }, 'video')?.facts;
  const rate = positive(fps) ?? (kind === 'lipsync' ? positive(video?.fps) : undefined) ?? SPEECH_FPS;
  const sound = soundSeconds({ assets }, mode);
  if (kind === 'lipsync') return times(sound ?? video?.durationSeconds, rate);
  const asked = positive(seconds) ?? (positive(frames) && positive(frames)! / rate);
  // A talking video is as long as its sound, unless it was asked to be shorter.
  return times(sound && asked ? Math.min(sound, asked) : (sound ?? asked), rate);
}

/** Undefined while the length of one of the sounds is not known. */
function soundSeconds(task: Pick<Task, 'assets'>, mode: GenerationParameters['audio_mode']) {
  const sounds = (['audio', 'audio2'] as const).flatMap((role) => assetOf(task, role) ?? []);
  const lengths = sounds.map(({ facts }) => positive(facts?.durationSeconds) ?? NaN);
  if (lengths.length === 0) return undefined;
  return positive(mode === 'add' ? lengths.reduce((sum, length) => sum + length) : Math.max(...lengths));
}

function megapixels(width: number | undefined, height: number | undefined): number | undefined {
  const pixels = times(width, height);
  return pixels && pixels / 1e6;
}

function times(...factors: readonly (number | undefined)[]): number | undefined {
  return positive(factors.reduce<number>((product, factor) => product * (positive(factor) ?? NaN), 1));
}

/** Clients and engines may say anything; only a real, positive number counts. */
function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : undefined;
}
