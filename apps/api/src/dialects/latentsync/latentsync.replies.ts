import { ApiProperty } from '@nestjs/swagger';

const latentsyncStatuses = ['queued', 'downloading', 'processing', 'completed', 'failed'] as const;
export type LatentSyncStatus = (typeof latentsyncStatuses)[number];

const position = { type: 'integer', minimum: 0 } as const;
const optionalText = { type: 'string', nullable: true } as const;

export class LatentSyncCreated {
  @ApiProperty({ format: 'uuid' })
  task_id!: string;

  @ApiProperty({ enum: ['queued'] })
  status!: 'queued';

  @ApiProperty({ description: 'Chinese, or English when Accept-Language prefers it' })
  message!: string;

  @ApiProperty({ ...position, description: 'Tasks before this one' })
  queue_position!: number;

  @ApiProperty({ ...optionalText, description: 'Always null, as in the original' })
  output_video_path!: null;

  @ApiProperty({ ...optionalText, description: 'Always null, as in the original' })
  output_mask_path!: null;
}

export class LatentSyncTask {
  @ApiProperty({ format: 'uuid' })
  task_id!: string;

  @ApiProperty({ enum: latentsyncStatuses })
  status!: LatentSyncStatus;

  @ApiProperty({ description: 'Chinese, or English when Accept-Language prefers it' })
  message!: string;

  @ApiProperty({
    type: 'number',
    minimum: 0,
    maximum: 1,
    description: '0 queued, 0.1 and 0.3 while downloading, 0.5 to 0.99 processing, 1 completed; never falls',
  })
  progress!: number;

  @ApiProperty({
    ...position,
    nullable: true,
    description: 'Tasks before this one; null when it does not wait',
  })
  queue_position!: number | null;

  @ApiProperty({ type: 'number', description: 'Unix seconds of the submission' })
  start_time!: number;

  @ApiProperty({ type: 'number', nullable: true, description: 'Unix seconds' })
  end_time!: number | null;

  @ApiProperty({
    ...optionalText,
    description: 'Path on this server',
    example: '/results/{task_id}/output.mp4',
  })
  output_video_url!: string | null;

  @ApiProperty({ ...optionalText, description: 'The same for the mask video; null when the model made none' })
  output_mask_url!: string | null;

  @ApiProperty({ required: false, description: 'Code of this platform; absent unless the task failed' })
  error_code?: string;
}

export class LatentSyncWaiting {
  @ApiProperty({ format: 'uuid' })
  task_id!: string;

  @ApiProperty(position)
  position!: number;

  @ApiProperty({ enum: ['queued'] })
  status!: 'queued';
}

export class LatentSyncQueue {
  @ApiProperty({ ...position, description: 'Waiting tasks; one in processing is not counted' })
  queue_length!: number;

  @ApiProperty()
  is_processing!: boolean;

  @ApiProperty({ type: [LatentSyncWaiting], description: 'By position' })
  queued_tasks!: readonly LatentSyncWaiting[];
}
