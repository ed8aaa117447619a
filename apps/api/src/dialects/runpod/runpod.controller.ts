import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiSettings } from '@polyreel/config';
import { SecretBox, TaskService, type Endpoint, type EngineRegistry, type Task } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { AcceptsIdempotencyKey, submitOptionsOf } from '../../http/idempotency-key.js';
import { parseFields } from '../../http/parse-fields.js';
import { EndpointDirectory } from '../../tasks/endpoint-directory.js';
import { Samples } from '../../tasks/samples.js';
import { ENGINE_REGISTRY } from '../../tasks/tokens.js';
import { RunpodJobRequest, RunpodListQuery, RunpodWaitQuery } from './runpod.dto.js';
import { fromJobRequest } from './runpod.inbound.js';
import { DEFAULT_WAIT, RunpodJobs } from './runpod.jobs.js';
import { presentHealth, presentPurge, presentQueued, presentRequests } from './runpod.presenter.js';
import {
  RunpodAccepted,
  RunpodErrors,
  RunpodHealth,
  RunpodJob,
  RunpodPurged,
  RunpodRequests,
} from './runpod.replies.js';
import { endpointOf, Scope, type EndpointScope } from './runpod.request.js';

/** Engines silent for longer, in seconds, do not count as workers. */
const WORKER_SILENCE = 60;

/** What an endpoint takes, and what it has. */
@ApiTags('RunPod')
@ApiParam({ name: 'endpoint', type: String })
@Controller('v2/:endpoint')
export class RunpodController {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(RunpodJobs) private readonly jobs: RunpodJobs,
    @Inject(Samples) private readonly samples: Samples,
    @Inject(EndpointDirectory) private readonly endpoints: EndpointDirectory,
    @Inject(SecretBox) private readonly secrets: SecretBox,
    @Inject(ENGINE_REGISTRY) private readonly engines: EngineRegistry,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  @Post('run')
  @HttpCode(200)
  @ApiOperation({ summary: 'Queue a job' })
  @ApiOkResponse({ type: RunpodAccepted })
  @RunpodErrors(400, 413, 422, 429)
  @ApiBody({ type: RunpodJobRequest })
  @AcceptsIdempotencyKey()
  async run(
    @Scope() scope: EndpointScope,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    return presentQueued(await this.submit(scope, body, `${randomUUID()}-u1`, request));
  }

  @Post('runsync')
  @HttpCode(200)
  @ApiOperation({ summary: 'Queue a job and wait for its end' })
  @ApiOkResponse({ type: RunpodJob })
  @RunpodErrors(400, 413, 422, 429)
  @ApiBody({ type: RunpodJobRequest })
  @AcceptsIdempotencyKey()
  async runSync(
    @Scope() scope: EndpointScope,
    @Body() body: unknown,
    @Query() query: RunpodWaitQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { wait = DEFAULT_WAIT } = parseFields(RunpodWaitQuery, query, 'query');
    const task = await this.submit(scope, body, `sync-${randomUUID()}-u1`, request);
    await this.jobs.send(reply, await this.jobs.awaitEnd(scope, task.publicId, wait, request));
  }

  @Post('purge-queue')
  @HttpCode(200)
  @ApiOperation({ summary: 'Remove every job that waits' })
  @ApiOkResponse({ type: RunpodPurged })
  @RunpodErrors()
  async purgeQueue(@Scope() scope: EndpointScope): Promise<object> {
    return presentPurge(await this.tasks.cancelQueued(scope));
  }

  @Get('health')
  @ApiOperation({ summary: 'Jobs and workers of the endpoint' })
  @ApiOkResponse({ type: RunpodHealth })
  @RunpodErrors()
  async health(@Scope() scope: EndpointScope): Promise<object> {
    const [counts, retried, engines, described] = await Promise.all([
      this.tasks.countByState(scope),
      this.tasks.countRetried(scope),
      this.engines.live(WORKER_SILENCE),
      this.endpoint(scope.endpoint),
    ]);
    return presentHealth({ ...counts, retried }, engines, described);
  }

  @Get('requests')
  @ApiOperation({ summary: 'Jobs of the endpoint, newest first' })
  @ApiOkResponse({ type: RunpodRequests })
  @RunpodErrors(400)
  async requests(@Scope() scope: EndpointScope, @Query() query: RunpodListQuery): Promise<object> {
    const { limit = 100, after } = parseFields(RunpodListQuery, query, 'query');
    const page = await this.tasks.list(scope, { order: 'newest-first', limit, ...(after && { after }) });
    return presentRequests(page, new Date());
  }

  private async submit(
    scope: EndpointScope,
    body: unknown,
    jobId: string,
    request: FastifyRequest,
  ): Promise<Task> {
    const options = submitOptionsOf(request);
    const { volumeRoots, volumePrefix } = this.settings;
    const submission = fromJobRequest(body, {
      tenant: scope.tenant,
      endpoint: await this.endpoint(scope.endpoint),
      volume: { roots: volumeRoots, prefix: volumePrefix },
      samples: this.samples,
      secrets: this.secrets,
      jobId,
    });
    return this.tasks.submit(submission, options);
  }

  private async endpoint(name: string): Promise<Endpoint> {
    return endpointOf(name, await this.endpoints.find(name), this.settings.models);
  }
}
