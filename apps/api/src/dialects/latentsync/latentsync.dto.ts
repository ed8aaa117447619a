import { BooleanField, IntegerField, NumberField, TextField } from '../../http/fields.js';

const MAX_SEED = 2 ** 53 - 1;

export class LatentSyncRequest {
  @TextField({
    description: 'URL of the video',
    required: true,
    example: 'https://example.com/video.mp4',
    minLength: 1,
    maxLength: 8192,
  })
  video_url!: string;

  @TextField({
    description: 'URL of the speech',
    required: true,
    example: 'https://example.com/audio.wav',
    minLength: 1,
    maxLength: 8192,
  })
  audio_url!: string;

  @TextField({
    description: 'Name of a configured model. The path the document shows means the default one',
    default: 'checkpoints/unet.ckpt',
    maxLength: 256,
  })
  inference_ckpt_path?: string;

  @TextField({
    description: 'Accepted for compatibility: the configuration belongs to the model',
    default: 'configs/unet.yaml',
    maxLength: 256,
    deprecated: true,
  })
  unet_config_path?: string;

  @IntegerField({ description: 'Denoising steps', default: 20, minimum: 1, maximum: 100 })
  inference_steps?: number;

  @NumberField({ description: 'Guidance by the sound', default: 1.0, minimum: 0, maximum: 10 })
  guidance_scale?: number;

  @IntegerField({ description: 'Seed', default: 1247, minimum: 0, maximum: MAX_SEED })
  seed?: number;

  @BooleanField({
    description: 'Accepted for compatibility: nothing is cached between tasks',
    deprecated: true,
  })
  ignore_cache?: boolean;
}
