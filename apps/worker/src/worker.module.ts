import { Global, Module, type DynamicModule } from '@nestjs/common';
import { WorkerSettings } from '@polyreel/config';
import { LoggerModule } from 'nestjs-pino';
import { DispatchService } from './dispatch/dispatch.service.js';
import { GenerationService } from './generation/generation.service.js';
import { HealthServer } from './health/health-server.js';
import { WorkerMetrics } from './health/worker-metrics.js';
import { PortsModule } from './ports/ports.module.js';
import { RetentionModule } from './retention/retention.module.js';

@Global()
@Module({})
export class WorkerModule {
  static of(settings: WorkerSettings): DynamicModule {
    const pretty = { target: 'pino-pretty', options: { singleLine: true } };
    return {
      module: WorkerModule,
      imports: [
        LoggerModule.forRoot({
          pinoHttp: { level: settings.logLevel, ...(settings.logPretty && { transport: pretty }) },
        }),
        PortsModule,
        RetentionModule.of(settings),
      ],
      providers: [
        { provide: WorkerSettings, useValue: settings },
        WorkerMetrics,
        GenerationService,
        DispatchService,
        HealthServer,
      ],
      exports: [WorkerSettings],
    };
  }
}
