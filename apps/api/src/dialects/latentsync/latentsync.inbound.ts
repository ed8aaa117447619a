import type { JsonObject, Submission } from '@polyreel/core';
import { invalidFields } from '../../http/parse-fields.js';
import type { LatentSyncRequest } from './latentsync.dto.js';

export interface InboundContext {
  readonly tenant: string;
  /** Model that makes lip-syncs when the request names none. */
  readonly model: string;
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
    model: modelOf(body.inference_ckpt_path, context.model),
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

/** Never a path on a disk: the name of the configured model, or the document's default, or refused. */
function modelOf(name: string | undefined, configured: string): string {
  if (name === undefined || name === '' || name === DEFAULT_CHECKPOINT || name === configured)
    return configured;
  throw invalidFields([
    {
      location: 'body',
      path: ['inference_ckpt_path'],
      rule: 'choice',
      message: `Input should be the name of a configured model: '${configured}'`,
      value: name,
    },
  ]);
}
