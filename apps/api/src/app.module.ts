import { Module, type DynamicModule } from '@nestjs/common';
import type { ApiSettings } from '@polyreel/config';
import { LoggerModule } from 'nestjs-pino';
import { dialects } from './dialects/index.js';
import { HealthModule } from './health/health.module.js';
import { loggerOptions } from './http/logger-options.js';
import { SettingsModule } from './tasks/settings.module.js';
import { TasksModule } from './tasks/tasks.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

@Module({})
export class AppModule {
  static of(settings: ApiSettings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot(loggerOptions(settings)),
        SettingsModule.of(settings),
        TasksModule,
        HealthModule,
        WebhooksModule,
        ...dialects.map(({ module }) => module),
      ],
    };
  }
}
