import type { JsonObject, Submission } from '@polyreel/core';
import { invalidFields } from '../../http/parse-fields.js';
import type { LatentSyncRequest } from './latentsync.dto.js';

export interface InboundContext {
  readonly tenant: string;
  /** Models that make lip-syncs here; the first one when the request names none. */
  readonly models: readonly [string, ...string[]];
  readonly newTaskId: () => string;
}

/** The original's default, which means "the model that is installed". */
const DEFAULT_CHECKPOINT = 'checkpoints/unet.ckpt';

export function fromRequest(body: LatentSyncRequest, context: InboundContext): Submission {
  return {
    publicId: context.newTaskId(),
    tenant: context.tenant,
    dialect: 'latentsync',
    endpoint: '',
    kind: 'lipsync',
    model: modelOf(body.inference_ckpt_path, context.models),
    parameters: {
      steps: body.inference_steps ?? 20,
      guidance_scale: body.guidance_scale ?? 1.0,
      seed: body.seed ?? 1247,
      return_mask: true,
    },
    request: { ...body } as unknown as JsonObject,
    extras: {},
    priority: 0,
    inputs: [
      { role: 'video', source: { type: 'url', url: body.video_url } },
      { role: 'audio', source: { type: 'url', url: body.audio_url } },
    ],
  };
}

/** Never a path on a disk: the name of a model, or the document's default, or refused. */
function modelOf(name: string | undefined, models: InboundContext['models']): string {
  if (name === undefined || name === '' || name === DEFAULT_CHECKPOINT) return models[0];
  if (models.includes(name)) return name;
  throw invalidFields([
    {
      location: 'body',
      path: ['inference_ckpt_path'],
      rule: 'choice',
      message: `Field 'inference_ckpt_path' must be one of ${models.join(', ')}.`,
      value: name,
      context: { choices: models },
    },
  ]);
}
