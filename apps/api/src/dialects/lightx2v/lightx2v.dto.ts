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

/** One speaker of a conversation. */
export class LightX2VTalkObject {
  @MediaTextField({
    description: 'Speech of this person: URL, data URL, base64 or volume path',
    required: true,
  })
  audio!: string;

  @MediaTextField({ description: 'Picture that is white where this person is' })
  mask?: string;
}

/** The fields of all published generations of this API, of JSON and form alike. */
export class LightX2VGenerationFields {
  @TextField({ description: 'What happens in the video', default: '', maxLength: 20_000 })
  prompt?: string;

  @TextField({ description: 'What the video should not show', default: '', maxLength: 20_000 })
  negative_prompt?: string;

  @IntegerField({ description: 'Denoising steps. Absent: default of the model', minimum: 1, maximum: 200 })
  infer_steps?: number;

  @IntegerField({ description: 'Seed. Absent: random', minimum: 0, maximum: MAX_SEED })
  seed?: number;

  @IntegerField({ description: 'Width in pixels', minimum: 16, maximum: 8192 })
  width?: number;

  @IntegerField({ description: 'Height in pixels', minimum: 16, maximum: 8192 })
  height?: number;

  @IsOptional()
  @ApiProperty({
    description: 'Word "infinitetalk-480" or "infinitetalk-720", or [height, width]',
    required: false,
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'integer' } }],
  })
  size?: unknown;

  @IsOptional()
  @ApiProperty({ description: '[height, width]', required: false, type: 'array', items: { type: 'integer' } })
  target_shape?: unknown;

  @IntegerField({ description: 'Frames of the video', minimum: 1, maximum: 100_000 })
  target_video_length?: number;

  @IntegerField({ description: 'Frames of the video (newest generation)', minimum: 1, maximum: 100_000 })
  num_frames?: number;

  @IntegerField({ description: 'Most frames of a talking video', minimum: 1, maximum: 100_000 })
  max_frame_num?: number;

  @NumberField({ description: 'Length in seconds', minimum: 0.04, maximum: 3600 })
  video_duration?: number;

  @NumberField({ description: 'Frames a second', minimum: 1, maximum: 120 })
  target_fps?: number;

  @IntegerField({ description: 'Fragments the video is made of', minimum: 1, maximum: 100, default: 1 })
  num_fragments?: number;

  @NumberField({ description: 'Guidance by the text', minimum: 0, maximum: 50 })
  text_guide_scale?: number;

  @NumberField({ description: 'Guidance by the sound', minimum: 0, maximum: 50 })
  audio_guide_scale?: number;

  @NumberField({ description: 'Shift of the noise schedule', minimum: 0, maximum: 100 })
  sample_shift?: number;

  @IntegerField({ description: 'Frames each chunk shares with the one before it', minimum: 1, maximum: 200 })
  motion_frame?: number;

  @TextField({
    description: 'Two speakers: para (at the same time) or add (in turn)',
    choices: ['para', 'add'],
  })
  audio_type?: 'para' | 'add';

  @TextField({ description: 'Name of the result; only shown, never a path', maxLength: 1024 })
  save_result_path?: string;

  @BooleanField({ description: 'Accepted for compatibility; prompts are used as they are', deprecated: true })
  use_prompt_enhancer?: boolean;
}

export class LightX2VCreateBody extends LightX2VGenerationFields {
  @TextField({ description: 'Id of the task, unique. Absent: chosen by the server', maxLength: 64 })
  task_id?: string;

  @MediaTextField({
    description: 'Image (or, for talking videos, video): URL, data URL, base64 or volume path',
  })
  image_path?: string;

  @MediaTextField({ description: 'Last picture of the video' })
  last_frame_path?: string;

  @MediaTextField({ description: 'Reference video of a talking video' })
  video_path?: string;

  @MediaTextField({ description: 'Speech; two speakers as a comma separated list of URLs or paths' })
  audio_path?: string;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(2)
  @ValidateNested({ each: true })
  @IsObject({ each: true })
  @Type(() => LightX2VTalkObject)
  @ApiProperty({ description: 'One entry per speaker', required: false, type: [LightX2VTalkObject] })
  talk_objects?: LightX2VTalkObject[];
}

export class LightX2VFormFields extends LightX2VGenerationFields {}

/** The form as documented: fields and files. */
export class LightX2VForm extends LightX2VFormFields {
  @FileField({ description: 'Image or video' })
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
