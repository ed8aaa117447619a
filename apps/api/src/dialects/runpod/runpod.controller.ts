import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiSettings } from '@polyreel/config';
import {
  SecretBox,
  TaskService,
  type Endpoint,
  type EngineRegistry,
  type Task,
  type TaskScope,
} from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { ApiError } from '../../http/api-error.js';
import { whileConnected } from '../../http/client-connection.js';
import { ErrorReplies, type FailureStatus } from '../../http/error-replies.js';
import { AcceptsIdempotencyKey, submitOptionsOf } from '../../http/idempotency-key.js';
import { replyWithJson } from '../../http/json-reply.js';
import { parseFields } from '../../http/parse-fields.js';
import { Tenant } from '../../http/tenant.js';
import { EndpointDirectory } from '../../tasks/endpoint-directory.js';
import { ResultDelivery } from '../../tasks/result-delivery.js';
import { Samples } from '../../tasks/samples.js';
import { TaskViews } from '../../tasks/task-view.js';
import { ENGINE_REGISTRY } from '../../tasks/tokens.js';
import { RunpodJobRequest, RunpodListQuery, RunpodStatusQuery, RunpodWaitQuery } from './runpod.dto.js';
import { fromJobRequest } from './runpod.inbound.js';
import {
  deliveryWishes,
  hasVanished,
  presentCancelled,
  presentHealth,
  presentJob,
  presentPurge,
  presentQueued,
  presentRequests,
  presentStream,
} from './runpod.presenter.js';
import {
  RunpodAccepted,
  RunpodError,
  RunpodHealth,
  RunpodJob,
  RunpodPurged,
  RunpodRequests,
  RunpodStream,
} from './runpod.replies.js';
import { checkedName, endpointOf, secondsToLive } from './runpod.request.js';

/** 404 also for endpoint names that cannot be one. */
const Failures = (...statuses: FailureStatus[]) => ErrorReplies(() => RunpodError, [404, ...statuses]);

/** Milliseconds a request for the end of a job is held when it does not say. */
const DEFAULT_WAIT = 90_000;

/** Milliseconds a stream is held: the time between two beats of a running job, so that each reply has news. */
const DEFAULT_STREAM_WAIT = 2_000;

/** Engines silent for longer, in seconds, do not count as workers. */
const WORKER_SILENCE = 60;

@ApiTags('RunPod')
@Controller('v2/:endpoint')
export class RunpodController {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(TaskViews) private readonly views: TaskViews,
    @Inject(Samples) private readonly samples: Samples,
    @Inject(EndpointDirectory) private readonly endpoints: EndpointDirectory,
    @Inject(ResultDelivery) private readonly results: ResultDelivery,
    @Inject(SecretBox) private readonly secrets: SecretBox,
    @Inject(ENGINE_REGISTRY) private readonly engines: EngineRegistry,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  @Post('run')
  @HttpCode(200)
  @ApiOperation({ summary: 'Queue a job' })
  @ApiOkResponse({ type: RunpodAccepted })
  @Failures(400, 413, 422, 429)
  @ApiBody({ type: RunpodJobRequest })
  @AcceptsIdempotencyKey()
  async run(
    @Param('endpoint') endpoint: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<object> {
    return presentQueued(await this.submit(endpoint, tenant, body, `${randomUUID()}-u1`, request));
  }

  @Post('runsync')
  @HttpCode(200)
  @ApiOperation({ summary: 'Queue a job and wait for its end' })
  @ApiOkResponse({ type: RunpodJob })
  @Failures(400, 413, 422, 429)
  @ApiBody({ type: RunpodJobRequest })
  @AcceptsIdempotencyKey()
  async runSync(
    @Param('endpoint') endpoint: string,
    @Body() body: unknown,
    @Query() query: RunpodWaitQuery,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { wait = DEFAULT_WAIT } = parseFields(RunpodWaitQuery, query, 'query');
    const task = await this.submit(endpoint, tenant, body, `sync-${randomUUID()}-u1`, request);
    await this.send(reply, await this.awaitEnd(scopeOf(endpoint, tenant), task.publicId, wait, request));
  }

  @Get('status/:jobId')
  @ApiOperation({ summary: 'State and result of a job' })
  @ApiOkResponse({ type: RunpodJob })
  @Failures(400)
  async status(
    @Param('endpoint') endpoint: string,
    @Param('jobId') jobId: string,
    @Query() query: RunpodStatusQuery,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { ttl } = parseFields(RunpodStatusQuery, query, 'query');
    const scope = scopeOf(endpoint, tenant);
    if (ttl !== undefined) await this.tasks.changeTimeToLive(scope, jobId, secondsToLive(ttl, request));
    await this.send(reply, await this.find(scope, jobId));
  }

  @Post('status/:jobId')
  @HttpCode(200)
  @ApiOperation({ summary: 'State and result of a job' })
  @ApiOkResponse({ type: RunpodJob })
  @Failures(400)
  async statusByPost(
    @Param('endpoint') endpoint: string,
    @Param('jobId') jobId: string,
    @Query() query: RunpodStatusQuery,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.status(endpoint, jobId, query, tenant, request, reply);
  }

  @Get('status-sync/:jobId')
  @ApiOperation({ summary: 'State and result of a job, held until it has ended' })
  @ApiOkResponse({ type: RunpodJob })
  @Failures(400)
  async statusSync(
    @Param('endpoint') endpoint: string,
    @Param('jobId') jobId: string,
    @Query() query: RunpodWaitQuery,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { wait = DEFAULT_WAIT } = parseFields(RunpodWaitQuery, query, 'query');
    await this.send(reply, await this.awaitEnd(scopeOf(endpoint, tenant), jobId, wait, request));
  }

  @Post('status-sync/:jobId')
  @HttpCode(200)
  @ApiOperation({ summary: 'State and result of a job, held until it has ended' })
  @ApiOkResponse({ type: RunpodJob })
  @Failures(400)
  async statusSyncByPost(
    @Param('endpoint') endpoint: string,
    @Param('jobId') jobId: string,
    @Query() query: RunpodWaitQuery,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.statusSync(endpoint, jobId, query, tenant, request, reply);
  }

  @Get('stream/:jobId')
  @ApiOperation({ summary: 'Progress of a job, held until it has ended' })
  @ApiOkResponse({ type: RunpodStream })
  @Failures(400)
  async stream(
    @Param('endpoint') endpoint: string,
    @Param('jobId') jobId: string,
    @Query() query: RunpodWaitQuery,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const { wait = DEFAULT_STREAM_WAIT } = parseFields(RunpodWaitQuery, query, 'query');
    const task = await this.awaitEnd(scopeOf(endpoint, tenant), jobId, wait, request);
    return presentStream(await this.views.of(task));
  }

  @Post('stream/:jobId')
  @HttpCode(200)
  @ApiOperation({ summary: 'Progress of a job, held until it has ended' })
  @ApiOkResponse({ type: RunpodStream })
  @Failures(400)
  async streamByPost(
    @Param('endpoint') endpoint: string,
    @Param('jobId') jobId: string,
    @Query() query: RunpodWaitQuery,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    return this.stream(endpoint, jobId, query, tenant, request);
  }

  @Post('cancel/:jobId')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancel a queued or running job' })
  @ApiOkResponse({ type: RunpodAccepted })
  @Failures()
  async cancel(
    @Param('endpoint') endpoint: string,
    @Param('jobId') jobId: string,
    @Tenant() tenant: string,
  ): Promise<object> {
    const scope = scopeOf(endpoint, tenant);
    await this.find(scope, jobId);
    await this.tasks.cancel(scope, jobId);
    return presentCancelled(await this.find(scope, jobId));
  }

  @Post('retry/:jobId')
  @HttpCode(200)
  @ApiOperation({ summary: 'Run a failed or timed out job again, under the same id' })
  @ApiOkResponse({ type: RunpodAccepted })
  @Failures(400)
  async retry(
    @Param('endpoint') endpoint: string,
    @Param('jobId') jobId: string,
    @Tenant() tenant: string,
  ): Promise<object> {
    const scope = scopeOf(endpoint, tenant);
    const task = await this.find(scope, jobId);
    if (!(await this.tasks.retry(scope, jobId)))
      throw new ApiError('wrong-state', 'Only jobs that are FAILED or TIMED_OUT can be retried.');
    return presentQueued(task);
  }

  @Post('purge-queue')
  @HttpCode(200)
  @ApiOperation({ summary: 'Remove every job that waits' })
  @ApiOkResponse({ type: RunpodPurged })
  @Failures()
  async purgeQueue(@Param('endpoint') endpoint: string, @Tenant() tenant: string): Promise<object> {
    return presentPurge(await this.tasks.cancelQueued(scopeOf(endpoint, tenant)));
  }

  @Get('health')
  @ApiOperation({ summary: 'Jobs and workers of the endpoint' })
  @ApiOkResponse({ type: RunpodHealth })
  @Failures()
  async health(@Param('endpoint') endpoint: string, @Tenant() tenant: string): Promise<object> {
    const scope = scopeOf(endpoint, tenant);
    const [counts, retried, engines, described] = await Promise.all([
      this.tasks.countByState(scope),
      this.tasks.countRetried(scope),
      this.engines.live(WORKER_SILENCE),
      this.endpoint(endpoint),
    ]);
    return presentHealth({ ...counts, retried }, engines, described);
  }

  @Get('requests')
  @ApiOperation({ summary: 'Jobs of the endpoint, newest first' })
  @ApiOkResponse({ type: RunpodRequests })
  @Failures(400)
  async requests(
    @Param('endpoint') endpoint: string,
    @Query() query: RunpodListQuery,
    @Tenant() tenant: string,
  ): Promise<object> {
    const { limit = 100, after } = parseFields(RunpodListQuery, query, 'query');
    const scope = scopeOf(endpoint, tenant);
    const page = await this.tasks.list(scope, { order: 'newest-first', limit, ...(after && { after }) });
    return presentRequests(page, new Date());
  }

  private async submit(
    endpoint: string,
    tenant: string,
    body: unknown,
    jobId: string,
    request: FastifyRequest,
  ): Promise<Task> {
    const options = submitOptionsOf(request);
    const { volumeRoots, volumePrefix } = this.settings;
    const submission = fromJobRequest(body, {
      tenant,
      endpoint: await this.endpoint(endpoint),
      volume: { roots: volumeRoots, prefix: volumePrefix },
      samples: this.samples,
      secrets: this.secrets,
      jobId,
    });
    return this.tasks.submit(submission, options);
  }

  /** @throws ApiError route-not-found */
  private async endpoint(name: string): Promise<Endpoint> {
    return endpointOf(name, await this.endpoints.find(checkedName(name)), this.settings.models);
  }

  private async find(scope: TaskScope, jobId: string): Promise<Task> {
    return present(await this.tasks.find(scope, jobId), jobId);
  }

  /** Holds the request until the job has ended, the time is over or the client has gone. */
  private async awaitEnd(
    scope: TaskScope,
    jobId: string,
    milliseconds: number,
    request: FastifyRequest,
  ): Promise<Task> {
    const task = await whileConnected(request, (signal) =>
      this.tasks.waitForEnd(scope, jobId, milliseconds, signal),
    );
    return present(task, jobId);
  }

  private async send(reply: FastifyReply, task: Task): Promise<void> {
    const [view, delivered] = await Promise.all([
      this.views.of(task),
      this.results.of(task, deliveryWishes(task)),
    ]);
    await replyWithJson(reply, presentJob(view, delivered), delivered.inline ? [delivered.inline] : []);
  }
}

function scopeOf(endpoint: string, tenant: string): TaskScope {
  return { tenant, dialect: 'runpod', endpoint: checkedName(endpoint) };
}

/** @throws ApiError unknown-task also for jobs past their time to live */
function present(task: Task | undefined, jobId: string): Task {
  if (!task || hasVanished(task, new Date()))
    throw new ApiError('unknown-task', 'job not found', { publicId: jobId });
  return task;
}
