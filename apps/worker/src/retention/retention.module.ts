import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import type { WorkerSettings } from '@polyreel/config';
import { RETENTION_QUEUE, RetentionProcessor } from './retention.processor.js';

@Module({})
export class RetentionModule {
  static of({ redisUrl }: Pick<WorkerSettings, 'redisUrl'>): DynamicModule {
    return {
      module: RetentionModule,
      imports: [
        BullModule.forRoot({ connection: { url: redisUrl, maxRetriesPerRequest: null }, prefix: 'polyreel' }),
        BullModule.registerQueue({ name: RETENTION_QUEUE }),
      ],
      providers: [RetentionProcessor],
    };
  }
}
