import { ApiProperty } from '@nestjs/swagger';

const count = { type: 'integer', minimum: 0 } as const;
/** Stands in OpenAI's words only. */
const openAiOnly = { required: false, nullable: true } as const;

export class OpeaVideoFailure {
  @ApiProperty()
  code!: string;

  @ApiProperty()
  message!: string;
}

/** A video in the words of the document (its eleven fields), or of OpenAI (those and the rest). */
export class OpeaVideo {
  @ApiProperty({ example: 'video_1760000000_12345678901234567890' })
  id!: string;

  @ApiProperty({ enum: ['video'] })
  object!: string;

  @ApiProperty()
  model!: string;

  @ApiProperty({
    enum: ['queued', 'processing', 'in_progress', 'completed', 'error', 'failed', 'deleted'],
    description: 'processing, error, deleted: the document; in_progress, failed: OpenAI',
  })
  status!: string;

  @ApiProperty({ ...count, maximum: 100, description: 'Percent; 100 when the video can be downloaded' })
  progress!: number;

  @ApiProperty({ ...count, description: 'Unix seconds' })
  created_at!: number;

  @ApiProperty({ ...count, description: 'Minutes to the end' })
  estimated_time!: number;

  @ApiProperty({ ...count, description: 'Jobs before this one; 0 when it does not wait' })
  queue_length!: number;

  @ApiProperty({ ...count, description: 'Seconds the generation took' })
  duration!: number;

  @ApiProperty({ description: 'Length of the video in whole seconds, as text', example: '4' })
  seconds!: string;

  @ApiProperty({
    nullable: true,
    oneOf: [{ type: 'string' }, { $ref: '#/components/schemas/OpeaVideoFailure' }],
    description: 'The document: text, empty when there is none. OpenAI: null or an object',
  })
  error!: string | OpeaVideoFailure | null;

  @ApiProperty({ ...openAiOnly, type: 'integer', description: 'Unix seconds' })
  completed_at?: number | null;

  @ApiProperty({ ...openAiOnly, type: 'integer', description: 'Unix seconds' })
  expires_at?: number | null;

  @ApiProperty({ ...openAiOnly, type: 'string' })
  prompt?: string | null;

  @ApiProperty({ ...openAiOnly, type: 'string', example: '832x480' })
  size?: string | null;

  @ApiProperty({ ...openAiOnly, type: 'string' })
  remixed_from_video_id?: string | null;

  @ApiProperty({ required: false })
  message?: string;

  @ApiProperty({ ...openAiOnly, type: 'string', description: 'Signed link to the video' })
  url?: string | null;
}

export class OpeaVideoDeleted {
  @ApiProperty()
  id!: string;

  @ApiProperty({ enum: ['video.deleted'] })
  object!: string;

  @ApiProperty()
  deleted!: boolean;
}

export class OpeaVideoList {
  @ApiProperty({ enum: ['list'] })
  object!: string;

  @ApiProperty({ type: [OpeaVideo] })
  data!: readonly OpeaVideo[];

  @ApiProperty({ type: 'string', nullable: true })
  first_id!: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  last_id!: string | null;

  @ApiProperty()
  has_more!: boolean;
}

class OpeaVideosProblem {
  @ApiProperty({ description: 'What is wrong, and what to do' })
  message!: string;

  @ApiProperty({ description: 'The status as text', example: '400' })
  code!: string;

  @ApiProperty({ required: false, description: "OpenAI's words only" })
  type?: string;

  @ApiProperty({ ...openAiOnly, type: 'string', description: 'The field' })
  param?: string | null;
}

/** Any failure. */
export class OpeaVideosError {
  @ApiProperty()
  error!: OpeaVideosProblem;
}
