import {
  applyDecorators,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { TaskService } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.js';
import { parseFields } from '../../http/parse-fields.js';
import { TaskViews } from '../../tasks/task-view.js';
import { RunpodStatusQuery, RunpodWaitQuery } from './runpod.dto.js';
import { DEFAULT_WAIT, RunpodJobs } from './runpod.jobs.js';
import { presentCancelled, presentQueued, presentStream } from './runpod.presenter.js';
import { RunpodAccepted, RunpodErrors, RunpodJob, RunpodStream } from './runpod.replies.js';
import { Scope, secondsToLive, type EndpointScope } from './runpod.request.js';

/** Milliseconds a stream is held: the time between two beats of a running job, so that each reply has news. */
const DEFAULT_STREAM_WAIT = 2_000;

// Clients read a job by GET or by POST, and Nest gives a method one verb; what both have in common is said here.
const Status = () =>
  applyDecorators(
    HttpCode(200),
    ApiOperation({ summary: 'State and result of a job' }),
    ApiOkResponse({ type: RunpodJob }),
    RunpodErrors(400),
  );

const StatusSync = () =>
  applyDecorators(
    HttpCode(200),
    ApiOperation({ summary: 'State and result of a job, held until it has ended' }),
    ApiOkResponse({ type: RunpodJob }),
    RunpodErrors(400),
  );

const Stream = () =>
  applyDecorators(
    HttpCode(200),
    ApiOperation({ summary: 'Progress of a job, held until it has ended' }),
    ApiOkResponse({ type: RunpodStream }),
    RunpodErrors(400),
  );

/** One job. */
@ApiTags('RunPod')
@ApiParam({ name: 'endpoint', type: String })
@Controller('v2/:endpoint')
export class RunpodJobController {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(TaskViews) private readonly views: TaskViews,
    @Inject(RunpodJobs) private readonly jobs: RunpodJobs,
  ) {}

  @Get('status/:jobId')
  @Status()
  async status(
    @Scope() scope: EndpointScope,
    @Param('jobId') jobId: string,
    @Query() query: RunpodStatusQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { ttl } = parseFields(RunpodStatusQuery, query, 'query');
    if (ttl !== undefined) await this.tasks.changeTimeToLive(scope, jobId, secondsToLive(ttl, request));
    await this.jobs.send(reply, await this.jobs.find(scope, jobId));
  }

  @Post('status/:jobId')
  @Status()
  async statusByPost(
    @Scope() scope: EndpointScope,
    @Param('jobId') jobId: string,
    @Query() query: RunpodStatusQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.status(scope, jobId, query, request, reply);
  }

  @Get('status-sync/:jobId')
  @StatusSync()
  async statusSync(
    @Scope() scope: EndpointScope,
    @Param('jobId') jobId: string,
    @Query() query: RunpodWaitQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { wait = DEFAULT_WAIT } = parseFields(RunpodWaitQuery, query, 'query');
    await this.jobs.send(reply, await this.jobs.awaitEnd(scope, jobId, wait, request));
  }

  @Post('status-sync/:jobId')
  @StatusSync()
  async statusSyncByPost(
    @Scope() scope: EndpointScope,
    @Param('jobId') jobId: string,
    @Query() query: RunpodWaitQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.statusSync(scope, jobId, query, request, reply);
  }

  @Get('stream/:jobId')
  @Stream()
  async stream(
    @Scope() scope: EndpointScope,
    @Param('jobId') jobId: string,
    @Query() query: RunpodWaitQuery,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const { wait = DEFAULT_STREAM_WAIT } = parseFields(RunpodWaitQuery, query, 'query');
    const task = await this.jobs.awaitEnd(scope, jobId, wait, request);
    return presentStream(await this.views.of(task));
  }

  @Post('stream/:jobId')
  @Stream()
  async streamByPost(
    @Scope() scope: EndpointScope,
    @Param('jobId') jobId: string,
    @Query() query: RunpodWaitQuery,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    return this.stream(scope, jobId, query, request);
  }

  @Post('cancel/:jobId')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancel a queued or running job' })
  @ApiOkResponse({ type: RunpodAccepted })
  @RunpodErrors()
  async cancel(@Scope() scope: EndpointScope, @Param('jobId') jobId: string): Promise<object> {
    await this.jobs.find(scope, jobId);
    await this.tasks.cancel(scope, jobId);
    return presentCancelled(await this.jobs.find(scope, jobId));
  }

  @Post('retry/:jobId')
  @HttpCode(200)
  @ApiOperation({ summary: 'Run a failed or timed out job again, under the same id' })
  @ApiOkResponse({ type: RunpodAccepted })
  @RunpodErrors(400)
  async retry(@Scope() scope: EndpointScope, @Param('jobId') jobId: string): Promise<object> {
    const task = await this.jobs.find(scope, jobId);
    if (!(await this.tasks.retry(scope, jobId)))
      throw new ApiError('wrong-state', 'Only jobs that are FAILED or TIMED_OUT can be retried.');
    return presentQueued(task);
  }
}
