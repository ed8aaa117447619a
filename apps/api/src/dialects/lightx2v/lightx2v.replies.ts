import { ApiProperty } from '@nestjs/swagger';

/** Words of the real server, always in `task_status`. */
export const serverStatuses = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;
/** Words of the T2V/I2V guide. */
export const guideStatuses = ['submitted', 'running', 'succeed', 'failed'] as const;

const optionalText = { type: 'string', nullable: true } as const;
const optionalNumber = { type: 'integer', minimum: 0, nullable: true } as const;
const count = { type: 'integer', minimum: 0 } as const;

export class LightX2VCreated {
  @ApiProperty({ example: 'UWYF-AVKZ-4I5B-EO6T-D1IY' })
  task_id!: string;

  @ApiProperty({ enum: ['pending'] })
  task_status!: 'pending';

  @ApiProperty({ description: 'As requested, else the id' })
  save_result_path!: string;

  @ApiProperty({ enum: ['submitted'] })
  status!: 'submitted';

  @ApiProperty()
  message!: string;
}

/** What a list tells about a task. */
export class LightX2VListed {
  @ApiProperty()
  task_id!: string;

  @ApiProperty({
    description: 'In the words of the real server or of the guide, one of them per task',
    enum: [...new Set([...serverStatuses, ...guideStatuses])],
  })
  status!: string;

  @ApiProperty({ description: "Always in the real server's words", enum: serverStatuses })
  task_status!: string;

  @ApiProperty({
    description: 'Creation until the run starts, then the start of the run; UTC without zone',
    example: '2026-11-21T10:00:00.000000',
  })
  start_time!: string;

  @ApiProperty({ ...optionalText, description: 'Null until the task has ended' })
  end_time!: string | null;

  @ApiProperty({ ...optionalText, description: 'Why it failed or was cancelled' })
  error!: string | null;

  @ApiProperty({ description: 'Name of the exception in the original; empty: none' })
  error_type!: string;

  @ApiProperty({ ...optionalText, description: 'Code of this platform, such as INPUT_UNREACHABLE' })
  error_code!: string | null;

  @ApiProperty({ description: 'A download path; with file ending when the task is completed' })
  save_result_path!: string;

  @ApiProperty({
    type: 'number',
    minimum: 0,
    maximum: 1,
    description: 'Never falls; below 1 until the result is there',
  })
  progress!: number;

  @ApiProperty({ description: 'For people; the error when there is one' })
  message!: string;
}

export class LightX2VStatus extends LightX2VListed {
  @ApiProperty({
    ...optionalText,
    description: 'fetching, loading, generating, encoding or uploading while it runs',
  })
  stage!: string | null;

  @ApiProperty({ ...optionalNumber, description: 'Tasks before this one; null when it does not wait' })
  queue_position!: number | null;

  @ApiProperty({ ...optionalNumber, description: 'Seconds until the end; null: unknown' })
  estimated_seconds!: number | null;

  @ApiProperty({ ...optionalText, description: 'Link to the result, signed for this reply' })
  result_url!: string | null;

  @ApiProperty({ ...optionalText, format: 'date-time' })
  result_url_expires_at!: string | null;
}

export class LightX2VQueue {
  @ApiProperty()
  is_processing!: boolean;

  @ApiProperty(optionalText)
  current_task!: string | null;

  @ApiProperty(count)
  pending_count!: number;

  @ApiProperty({ ...count, description: 'Pending and processing' })
  active_count!: number;

  @ApiProperty({ ...count, description: 'Most active tasks' })
  queue_size!: number;

  @ApiProperty(count)
  queue_available!: number;
}

export class LightX2VService {
  @ApiProperty({ enum: ['idle', 'busy'] })
  service_status!: 'idle' | 'busy';

  @ApiProperty(optionalText)
  current_task!: string | null;

  @ApiProperty({ type: [String], description: 'Tasks in processing, oldest first' })
  active_tasks!: readonly string[];

  @ApiProperty(count)
  pending_tasks!: number;

  @ApiProperty(count)
  queue_size!: number;

  @ApiProperty(count)
  total_tasks!: number;

  @ApiProperty(count)
  completed_tasks!: number;

  @ApiProperty(count)
  failed_tasks!: number;
}

export class LightX2VMetadata {
  @ApiProperty({ ...count, description: 'Tasks the live engines can run at a time, at least 1' })
  nproc_per_node!: number;

  @ApiProperty({ description: 'Model of talking videos' })
  model_cls!: string;

  @ApiProperty({ description: 'Always empty: paths of the server are nobody’s business' })
  model_path!: string;
}

export class LightX2VStopped {
  @ApiProperty({ enum: ['success', 'do_nothing', 'error'] })
  stop_status!: 'success' | 'do_nothing' | 'error';

  @ApiProperty()
  reason!: string;
}
