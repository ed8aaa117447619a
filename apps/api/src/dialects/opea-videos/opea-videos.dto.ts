import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import {
  BooleanField,
  FileField,
  IntegerField,
  MediaTextField,
  NumberField,
  TextField,
} from '../../http/fields.js';

const MAX_SEED = 2 ** 53 - 1;
const MAX_PROMPT = 32_000;

/** Fields that mean the same in a form and in JSON. */
class OpeaVideosGenerationFields {
  @TextField({
    description: 'What happens in the video. Required without audio and reference',
    maxLength: MAX_PROMPT,
  })
  prompt?: string;

  @TextField({ description: 'What the video should not show', maxLength: MAX_PROMPT })
  negative_prompt?: string;

  @TextField({
    description: 'Two audios: para (both at the same time) or add (one after the other)',
    choices: ['add', 'para'],
    default: 'add',
  })
  audio_type?: 'add' | 'para';

  @NumberField({
    description: 'Guidance by the sound. Absent: default of the model',
    minimum: 0,
    maximum: 50,
  })
  audio_guide_scale?: number;

  @NumberField({ description: 'Guidance by the text. Absent: default of the model', minimum: 0, maximum: 50 })
  guide_scale?: number;

  @NumberField({
    description: 'Shift of the noise schedule. Absent: default of the model',
    minimum: 0,
    maximum: 100,
  })
  shift?: number;

  @IntegerField({ description: 'Denoising steps. Absent: default of the model', minimum: 1, maximum: 200 })
  steps?: number;

  @IntegerField({ description: 'Frames a second. Absent: default of the model', minimum: 1, maximum: 120 })
  fps?: number;

  @IntegerField({
    description: 'Seed. Absent: 42, or random for OpenAI clients',
    minimum: 0,
    maximum: MAX_SEED,
    default: 42,
  })
  seed?: number;

  @IntegerField({
    description: 'Length in seconds of a video without audio; a talking video is as long as its audio',
    minimum: 1,
    maximum: 3600,
    default: 4,
  })
  seconds?: number;

  @TextField({
    description: 'Width x height in pixels. Absent: chosen by the model',
    example: '720x1280',
    maxLength: 32,
  })
  size?: string;

  @TextField({ description: 'Model. Absent, sora-2 or sora-2-pro: model of this server', maxLength: 200 })
  model?: string;

  @BooleanField({ description: 'Append the logo clip; refused when this server has none', default: false })
  logo_video?: boolean;
}

const mediaText = 'URL, data URL, base64 or volume path';
const mediaTexts = [{ type: 'string' }, { type: 'array', items: { type: 'string' } }];

/** A create request as JSON; a form has the same names, its media may be files. */
export class OpeaVideosBody extends OpeaVideosGenerationFields {
  @IsOptional()
  @ApiProperty({
    description: `Reference image or, with audio, video: ${mediaText}, or {"image_url": ...}`,
    required: false,
    oneOf: [
      { type: 'string' },
      { type: 'object', properties: { image_url: { type: 'string' } }, required: ['image_url'] },
    ],
  })
  input_reference?: unknown;

  @MediaTextField({ description: 'The object form of input_reference as forms write it' })
  'input_reference[image_url]'?: string;

  @IsOptional()
  @ApiProperty({
    description: `Speech of one or two persons: ${mediaText}`,
    required: false,
    oneOf: mediaTexts,
  })
  audio?: unknown;

  @IsOptional()
  @ApiProperty({
    description: 'As audio; audio is ignored when this is given',
    required: false,
    oneOf: mediaTexts,
  })
  'audio[]'?: unknown;

  @IsOptional()
  @ApiProperty({
    description: 'As audio, when neither of the others is given',
    required: false,
    oneOf: mediaTexts,
  })
  audio_url?: unknown;
}

/** The form as documented. */
export class OpeaVideosForm extends OpeaVideosGenerationFields {
  @FileField({
    description: `Reference image or, with audio, video; may also be text: ${mediaText}`,
    required: true,
  })
  input_reference!: unknown;

  @FileField({ description: `Speech; may also be text: ${mediaText}` })
  audio?: unknown;

  @FileField({ description: 'Speech of one or two persons; audio is ignored when this is given', many: true })
  'audio[]'?: unknown;
}

export class OpeaVideosListQuery {
  @TextField({ description: 'Id of the last video of the page before', maxLength: 64 })
  after?: string;

  @IntegerField({ description: 'Videos a page', minimum: 1, maximum: 100, default: 20 })
  limit?: number;

  @TextField({
    description: 'By creation: asc (oldest first) or desc',
    choices: ['asc', 'desc'],
    default: 'desc',
  })
  order?: 'asc' | 'desc';
}

const contentVariants = ['video', 'thumbnail', 'spritesheet'] as const;
export type ContentVariant = (typeof contentVariants)[number];

export class OpeaVideosContentQuery {
  @TextField({
    description: 'The video, its first picture, or a sheet of pictures',
    choices: contentVariants,
    default: 'video',
  })
  variant?: ContentVariant;
}
