import { ApiProperty } from '@nestjs/swagger';
import { ErrorReplies, type FailureStatus } from '../../http/error-replies.js';

/** Words of a job's status. */
const runpodStatuses = ['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'] as const;

const milliseconds = { type: 'integer', minimum: 0, required: false } as const;
const count = { type: 'integer', minimum: 0 } as const;

/** What a queued, cancelled or retried job answers. */
export class RunpodAccepted {
  @ApiProperty({ example: '5d2f9f6c-6d3b-4d25-9c06-1b1f5f0c7a11-u1' })
  id!: string;

  @ApiProperty({ enum: runpodStatuses })
  status!: string;
}

/** Fields that do not apply are absent, never null. */
export class RunpodJob extends RunpodAccepted {
  @ApiProperty({ ...milliseconds, description: 'Milliseconds from creation to start' })
  delayTime?: number;

  @ApiProperty({ ...milliseconds, description: 'Milliseconds from start to end' })
  executionTime?: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    selfRequired: false,
    description:
      'Progress while it runs; the video (data URI, base64, signed link or volume path) when it is completed',
  })
  output?: object;

  @ApiProperty({ required: false, description: 'Why it failed' })
  error?: string;

  @ApiProperty({ required: false, description: 'Code of this platform, such as INPUT_UNREACHABLE' })
  errorCode?: string;
}

class RunpodChunk {
  @ApiProperty({ type: 'object', additionalProperties: true })
  output!: object;
}

export class RunpodStream {
  @ApiProperty({ enum: runpodStatuses })
  status!: string;

  @ApiProperty({ type: [RunpodChunk], description: 'Progress while it runs; empty when it has ended' })
  stream!: readonly RunpodChunk[];
}

export class RunpodPurged {
  @ApiProperty(count)
  removed!: number;

  @ApiProperty({ enum: ['completed'] })
  status!: string;
}

class RunpodJobCounts {
  @ApiProperty(count)
  completed!: number;

  @ApiProperty(count)
  failed!: number;

  @ApiProperty(count)
  inProgress!: number;

  @ApiProperty(count)
  inQueue!: number;

  @ApiProperty({ ...count, description: 'Jobs started more than once, by the server or on request' })
  retried!: number;
}

class RunpodWorkerCounts {
  @ApiProperty(count)
  idle!: number;

  @ApiProperty(count)
  initializing!: number;

  @ApiProperty({ ...count, description: 'Idle and running' })
  ready!: number;

  @ApiProperty(count)
  running!: number;

  @ApiProperty({ ...count, description: 'Draining' })
  throttled!: number;

  @ApiProperty(count)
  unhealthy!: number;
}

export class RunpodHealth {
  @ApiProperty()
  jobs!: RunpodJobCounts;

  @ApiProperty()
  workers!: RunpodWorkerCounts;
}

class RunpodListedJob extends RunpodAccepted {
  @ApiProperty(milliseconds)
  delayTime?: number;

  @ApiProperty(milliseconds)
  executionTime?: number;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
}

export class RunpodRequests {
  @ApiProperty({ type: [RunpodListedJob], description: 'Newest first' })
  requests!: readonly RunpodListedJob[];

  @ApiProperty()
  hasMore!: boolean;
}

/** Any failure. */
class RunpodError {
  @ApiProperty({ description: 'What is wrong, and what to do' })
  error!: string;
}

/** Documents the failures of a route; 404 also for endpoint names that cannot be one. */
export function RunpodErrors(...statuses: FailureStatus[]): MethodDecorator {
  return ErrorReplies(() => RunpodError, [404, ...statuses]);
}
