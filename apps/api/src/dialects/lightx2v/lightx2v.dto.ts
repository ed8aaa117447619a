import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, ValidateNested } from 'class-validator';
import {
  BooleanField,
  FileField,
  IntegerField,
  MediaTextField,
  NumberField,
  TextField,
} from '../../http/fields.js';

const MAX_SEED = 2 ** 53 - 1;
/** Two persons can talk. */
const MAX_SPEAKERS = 2;

/** What the `task` field of the newest generation may say, and what is made then. */
export const taskWords = { t2v: 't2v', i2v: 'i2v', flf2v: 'i2v', s2v: 'talk', rs2v: 'talk' } as const;

/** One speaker of a conversation. */
export class LightX2VTalkObject {
  @MediaTextField({
    description: 'Speech of this person: URL, data URL, base64 or volume path',
    required: true,
  })
  audio!: string;

  @MediaTextField({
    description:
      'Picture that is white where this person is, given likewise. Models that find persons by themselves do without',
  })
  mask?: string;
}

/**
 * The fields of all published generations of this API, of JSON and form alike. Fields it does not have are
 * ignored, as the documented clients send some; they are kept in the record of the request.
 */
export class LightX2VGenerationFields {
  @TextField({
    description: 'What happens in the video. Required for text to video',
    default: '',
    example: 'A white cat sitting by the beach under sunset sky',
    maxLength: 20_000,
  })
  prompt?: string;

  @TextField({ description: 'What the video should not show', default: '', maxLength: 20_000 })
  negative_prompt?: string;

  @TextField({
    description:
      'What to make. Absent: a talking video when there is audio, image to video when there is an image, else text to video',
    choices: Object.keys(taskWords),
  })
  task?: keyof typeof taskWords;

  @IntegerField({ description: 'Denoising steps. Absent: default of the model', minimum: 1, maximum: 200 })
  infer_steps?: number;

  @IntegerField({
    description: 'Seed. Absent: random in JSON, 42 in a form, as in the original',
    minimum: 0,
    maximum: MAX_SEED,
  })
  seed?: number;

  @IntegerField({ description: 'Width in pixels; with height', minimum: 16, maximum: 8192 })
  width?: number;

  @IntegerField({
    description: 'Height in pixels; with width. Goes before target_shape and size',
    minimum: 16,
    maximum: 8192,
  })
  height?: number;

  @IsOptional()
  @ApiProperty({
    description: '[height, width], or the word "infinitetalk-480" or "infinitetalk-720" of talking videos',
    required: false,
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'integer' } }],
  })
  size?: unknown;

  @IsOptional()
  @ApiProperty({
    description: '[height, width]; goes before size. Empty: not given',
    required: false,
    type: 'array',
    items: { type: 'integer' },
  })
  target_shape?: unknown;

  @IntegerField({ description: 'Frames of the video', minimum: 1, maximum: 100_000 })
  target_video_length?: number;

  @IntegerField({
    description: 'Frames of the video (newest generation); goes before target_video_length',
    minimum: 1,
    maximum: 100_000,
  })
  num_frames?: number;

  @IntegerField({ description: 'Most frames of a talking video', minimum: 1, maximum: 100_000 })
  max_frame_num?: number;

  @NumberField({
    description:
      'Length in seconds. Talking videos: the most, before all counts of frames; others: when no frames are given',
    minimum: 0.04,
    maximum: 3600,
  })
  video_duration?: number;

  @NumberField({ description: 'Frames a second. Absent: default of the model', minimum: 1, maximum: 120 })
  target_fps?: number;

  @TextField({
    description:
      'How a picture of another shape is brought to the size; told in the message when the model has no choice',
    default: 'adaptive',
    choices: [
      'adaptive',
      'keep_ratio_fixed_area',
      'fixed_min_area',
      'fixed_max_area',
      'fixed_shape',
      'fixed_min_side',
    ],
  })
  resize_mode?: string;

  @NumberField({
    description: 'Factor of super resolution; told in the message when the model has none',
    minimum: 0.1,
    maximum: 8,
  })
  sr_ratio?: number;

  @IntegerField({
    description: 'No server ever used it; other numbers than 1 are told in the message',
    minimum: 1,
    maximum: 100,
    default: 1,
  })
  num_fragments?: number;

  @NumberField({ description: 'Guidance by the text', minimum: 0, maximum: 50 })
  text_guide_scale?: number;

  @NumberField({ description: 'Guidance by the sound', minimum: 0, maximum: 50 })
  audio_guide_scale?: number;

  @NumberField({ description: 'Shift of the noise schedule', minimum: 0, maximum: 100 })
  sample_shift?: number;

  @IntegerField({ description: 'Frames each chunk shares with the one before it', minimum: 1, maximum: 200 })
  motion_frame?: number;

  @BooleanField({ description: 'Skip steps that change little; told in the message when the model cannot' })
  use_teacache?: boolean;

  @NumberField({ description: 'How little a step may change to be skipped', minimum: 0, maximum: 10 })
  teacache_thresh?: number;

  @TextField({
    description: 'Name of a LoRA of the model; told in the message when the model has none',
    maxLength: 256,
  })
  lora_name?: string;

  @NumberField({
    description: 'Strength of the LoRA; means nothing without lora_name',
    minimum: -10,
    maximum: 10,
  })
  lora_strength?: number;

  @TextField({
    description: 'Two speakers: para (at the same time) or add (in turn)',
    choices: ['para', 'add'],
  })
  audio_type?: 'para' | 'add';

  @TextField({
    description: 'Name under which the result can be downloaded. Never a path of this server',
    maxLength: 512,
  })
  save_result_path?: string;

  @TextField({ description: 'Older name of save_result_path', maxLength: 512, deprecated: true })
  save_video_path?: string;

  @BooleanField({ description: 'Prompts are used as they are; told in the message', deprecated: true })
  use_prompt_enhancer?: boolean;

  @BooleanField({
    description: 'Accepted for compatibility: nothing is carried over from one task to the next',
    deprecated: true,
  })
  reuse?: boolean;

  @TextField({
    description: 'Belongs to image tasks; refused unless empty',
    maxLength: 8192,
    deprecated: true,
  })
  presigned_url?: string;
}

/** Media as text: URL, data URL, base64 or volume path. */
export class LightX2VCreateBody extends LightX2VGenerationFields {
  @TextField({
    description:
      'Id of the task: letters, digits, dot, dash, underscore; not one of all, queue, video, image. Absent: chosen by the server',
    maxLength: 64,
  })
  task_id?: string;

  @MediaTextField({
    description: 'Image (or, for talking videos, video): URL, data URL, base64 or volume path',
  })
  image_path?: string;

  @MediaTextField({ description: 'Last picture of an image to video' })
  last_frame_path?: string;

  @MediaTextField({ description: 'Picture that is white where the speaker is' })
  image_mask_path?: string;

  @MediaTextField({ description: 'Reference video of a talking video, instead of image_path' })
  video_path?: string;

  @MediaTextField({
    description: 'Speech; two speakers as a comma separated list of URLs or paths, or of data URLs',
  })
  audio_path?: string;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_SPEAKERS, { context: { limit: MAX_SPEAKERS } })
  @ValidateNested({ each: true })
  @IsObject({ each: true })
  @Type(() => LightX2VTalkObject)
  @ApiProperty({
    description: 'One entry per speaker, left to right; goes before audio_path',
    required: false,
    type: [LightX2VTalkObject],
  })
  talk_objects?: LightX2VTalkObject[];
}

/** The form as documented: the fields of JSON (lists as JSON text) and files. */
export class LightX2VForm extends LightX2VCreateBody {
  @FileField({ description: 'Image, or video for a talking video' })
  image_file?: unknown;

  @FileField({ description: 'Speech' })
  audio_file?: unknown;

  @FileField({ description: 'Speech of the second person' })
  audio_file_2?: unknown;

  @FileField({ description: 'Last picture of the video' })
  last_frame_file?: unknown;
}

export class LightX2VListQuery {
  @IntegerField({ description: 'Tasks a page', minimum: 1, maximum: 1000, default: 1000 })
  limit?: number;

  @TextField({ description: 'Id of the last task of the page before', maxLength: 64 })
  after?: string;
}
