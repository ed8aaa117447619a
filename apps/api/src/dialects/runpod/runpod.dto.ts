import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDefined, IsObject, IsOptional, Matches, ValidateNested } from 'class-validator';
import { BooleanField, IntegerField, MediaTextField, NumberField, TextField } from '../../http/fields.js';

/** Milliseconds. */
const WEEK = 7 * 24 * 3_600_000;
const MAX_SEED = 2 ** 53 - 1;

/** What the job shall do. For each medium give at most one field. */
export class RunpodInput {
  @TextField({
    description: 'Talking videos: made from an image or from a video',
    choices: ['image', 'video'],
    default: 'image',
  })
  input_type?: 'image' | 'video';

  @TextField({
    description: 'Talking videos: one speaker or two',
    choices: ['single', 'multi'],
    default: 'single',
  })
  person_count?: 'single' | 'multi';

  @TextField({ description: 'Portrait: path in the volume', example: '/runpod-volume/portrait.jpg' })
  image_path?: string;

  @TextField({ description: 'Portrait: URL', default: '/examples/image.jpg' })
  image_url?: string;

  @MediaTextField({ description: 'Portrait: base64, with or without data: prefix' })
  image_base64?: string;

  @MediaTextField({ description: 'Portrait: URL, data URI, base64 or path' })
  image?: string;

  @MediaTextField({ description: 'Image to video: last picture; URL, data URI, base64 or path' })
  last_image?: string;

  @TextField({ description: 'Source video: path in the volume' })
  video_path?: string;

  @TextField({ description: 'Source video: URL' })
  video_url?: string;

  @MediaTextField({ description: 'Source video: base64, with or without data: prefix' })
  video_base64?: string;

  @MediaTextField({ description: 'Source video: URL, data URI, base64 or path' })
  video?: string;

  @TextField({ description: 'Speech: path in the volume', example: '/runpod-volume/speech.wav' })
  wav_path?: string;

  @TextField({ description: 'Speech: URL', default: '/examples/audio.mp3' })
  wav_url?: string;

  @MediaTextField({ description: 'Speech: base64, with or without data: prefix' })
  wav_base64?: string;

  @MediaTextField({ description: 'Speech: URL, data URI, base64 or path' })
  audio?: string;

  @TextField({ description: 'Speech of the second person: path. Absent with multi: the first speech' })
  wav_path_2?: string;

  @TextField({ description: 'Speech of the second person: URL' })
  wav_url_2?: string;

  @MediaTextField({ description: 'Speech of the second person: base64' })
  wav_base64_2?: string;

  @TextField({
    description: 'What happens in the video. Talking videos have a default, text to video needs it',
    default: 'A person talking naturally',
  })
  prompt?: string;

  @TextField({ description: 'What the video should not show' })
  negative_prompt?: string;

  @IntegerField({
    description: 'Width in pixels; talking videos: 512 when absent',
    minimum: 16,
    maximum: 8192,
  })
  width?: number;

  @IntegerField({
    description: 'Height in pixels; talking videos: 512 when absent',
    minimum: 16,
    maximum: 8192,
  })
  height?: number;

  @TextField({
    description: 'Instead of width and height: 480p, 720p or WIDTH*HEIGHT',
    maxLength: 16,
    example: '480p',
  })
  size?: string;

  @IntegerField({
    description: 'Most frames of the video; talking videos end with the speech at the latest',
    minimum: 1,
    maximum: 100_000,
  })
  max_frame?: number;

  @IntegerField({ description: 'Frames of the video', minimum: 1, maximum: 100_000 })
  num_frames?: number;

  @NumberField({ description: 'Length in seconds', minimum: 0.04, maximum: 3600 })
  duration?: number;

  @NumberField({ description: 'Frames a second', minimum: 1, maximum: 120 })
  fps?: number;

  @IntegerField({
    description: 'Seed. Absent: 2 for talking videos, chosen by the server otherwise',
    minimum: 0,
    maximum: MAX_SEED,
  })
  seed?: number;

  @IntegerField({ description: 'Denoising steps', minimum: 1, maximum: 200 })
  num_inference_steps?: number;

  @IntegerField({ description: 'Denoising steps', minimum: 1, maximum: 200 })
  inference_steps?: number;

  @NumberField({ description: 'Guidance by the text', minimum: 0, maximum: 50 })
  guidance?: number;

  @NumberField({ description: 'Guidance by the text', minimum: 0, maximum: 50 })
  guidance_scale?: number;

  @NumberField({ description: 'Guidance by the sound', minimum: 0, maximum: 50 })
  audio_guidance_scale?: number;

  @NumberField({ description: 'Shift of the noise schedule', minimum: 0, maximum: 100 })
  flow_shift?: number;

  @BooleanField({ description: 'Lip-sync: also make the mask video' })
  return_mask?: boolean;

  @BooleanField({ description: 'Put the result into the volume and answer its path', default: false })
  network_volume?: boolean;

  @BooleanField({
    description: 'Accepted for compatibility; engines manage their memory themselves',
    deprecated: true,
  })
  force_offload?: boolean;

  @BooleanField({ description: 'Accepted for compatibility; there is no safety checker', deprecated: true })
  enable_safety_checker?: boolean;

  @BooleanField({
    description: 'Accepted for compatibility; prompts are used as they are',
    deprecated: true,
  })
  enable_prompt_optimization?: boolean;
}

export class RunpodPolicy {
  @IntegerField({
    description: 'Milliseconds of running allowed. Absent: no limit',
    minimum: 5_000,
    maximum: WEEK,
  })
  executionTimeout?: number;

  @BooleanField({ description: 'Let other jobs go first', default: false })
  lowPriority?: boolean;

  @IntegerField({
    description: 'Milliseconds from creation after which the job vanishes in any state',
    minimum: 10_000,
    maximum: WEEK,
    default: 86_400_000,
  })
  ttl?: number;
}

/** A bucket of the client's into which the result is copied. Taken by servers with a SECRETS_KEY. */
export class RunpodS3Config {
  @TextField({ description: 'Access key', required: true, minLength: 1, maxLength: 256 })
  accessId!: string;

  @TextField({
    description: 'Its secret; kept encrypted until the job has ended',
    required: true,
    minLength: 1,
    maxLength: 256,
  })
  accessSecret!: string;

  @TextField({
    description: 'Name of the bucket',
    required: true,
    minLength: 3,
    maxLength: 63,
    example: 'videos',
  })
  @Matches(/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/)
  bucketName!: string;

  @TextField({
    description: 'Scheme and host of the S3 server',
    required: true,
    maxLength: 2048,
    example: 'https://s3.us-east-1.amazonaws.com',
  })
  endpointUrl!: string;

  @TextField({
    description: 'Key of the copy; with / at the end, the folder of `<job id>.mp4`',
    maxLength: 512,
    default: '<job id>.mp4',
  })
  @Matches(/^[^\p{Cc}]*$/u)
  objectPath?: string;
}

/** The request of run and runsync. */
export class RunpodJobRequest {
  @IsDefined()
  @IsObject()
  @ApiProperty({ description: 'What the job shall do', type: RunpodInput })
  input!: object;

  @TextField({ description: 'URL that is told about the end of the job', maxLength: 2048 })
  webhook?: string;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RunpodPolicy)
  @ApiProperty({ required: false, type: RunpodPolicy })
  policy?: RunpodPolicy;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RunpodS3Config)
  @ApiProperty({ required: false, type: RunpodS3Config })
  s3Config?: RunpodS3Config;
}

/** What a look at a job may change. */
export class RunpodStatusQuery {
  @IntegerField({
    description: 'Milliseconds from now on after which the job is forgotten. Absent: as it was',
    minimum: 1_000,
    maximum: WEEK,
  })
  ttl?: number;
}

/** How long a request may be held. */
export class RunpodWaitQuery {
  @IntegerField({
    description: 'Milliseconds to wait for the end of the job; 90000, for streams 2000, when absent',
    minimum: 1_000,
    maximum: 300_000,
  })
  wait?: number;
}

/** A page of the endpoint's jobs. */
export class RunpodListQuery {
  @IntegerField({ description: 'Jobs a page', minimum: 1, maximum: 1000, default: 100 })
  limit?: number;

  @TextField({ description: 'Id of the last job of the page before', maxLength: 100 })
  after?: string;
}
