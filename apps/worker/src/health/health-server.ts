import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { WorkerSettings } from '@polyreel/config';
import type { Database } from '@polyreel/database';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { GenerationService } from '../generation/generation.service.js';
import { DATABASE } from '../ports/tokens.js';
import { WorkerMetrics } from './worker-metrics.js';

/** The worker's only port: liveness, readiness and metrics. */
@Injectable()
export class HealthServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(HealthServer.name);
  private readonly server: Server;

  constructor(
    @Inject(WorkerSettings) private readonly settings: WorkerSettings,
    @Inject(WorkerMetrics) private readonly metrics: WorkerMetrics,
    @Inject(GenerationService) private readonly generation: GenerationService,
    @Inject(DATABASE) private readonly database: Database,
  ) {
    this.server = createServer((request, response) => {
      this.answer(request.url ?? '/', response).catch((error: unknown) => {
        this.logger.error({ err: error }, 'A health request failed');
        response.writeHead(500).end();
      });
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const { host, port } = this.settings;
    await new Promise<void>((resolve, reject) =>
      this.server.once('error', reject).listen(port, host, resolve),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(path: string, response: ServerResponse): Promise<void> {
    if (path === '/metrics') {
      response.setHeader('content-type', this.metrics.registry.contentType);
      response.end(await this.metrics.registry.metrics());
    } else if (path === '/health' || path === '/health/live') json(response, 200, { status: 'ok' });
    else if (path === '/health/ready') await this.ready(response);
    else json(response, 404, { detail: 'Not Found' });
  }

  /** Ready when the database answers and at least one engine can run jobs. */
  private async ready(response: ServerResponse): Promise<void> {
    const database = await this.database.ping().then(
      () => true,
      () => false,
    );
    const engines = this.generation.engineStates;
    const ready = database && engines.some((state) => state === 'ready' || state === 'busy');
    json(response, ready ? 200 : 503, {
      status: ready ? 'ok' : 'unavailable',
      checks: { database, engines },
    });
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
