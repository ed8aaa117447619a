import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiSettings } from '@polyreel/config';
import { ModelCatalog, TaskService, type Task, type TaskScope } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { ApiError } from '../../http/api-error.js';
import { FastapiErrors } from '../../http/fastapi-replies.js';
import { FileReply } from '../../http/file-reply.js';
import { AcceptsIdempotencyKey, submitOptionsOf } from '../../http/idempotency-key.js';
import { parseFields } from '../../http/parse-fields.js';
import { Tenant } from '../../http/tenant.js';
import { TaskFiles } from '../../tasks/task-files.js';
import { TaskViews } from '../../tasks/task-view.js';
import { LatentSyncRequest } from './latentsync.dto.js';
import { languageOf } from './latentsync.errors.js';
import { fromRequest } from './latentsync.inbound.js';
import { presentCreated, presentQueue, presentTask } from './latentsync.presenter.js';
import { LatentSyncCreated, LatentSyncQueue, LatentSyncTask } from './latentsync.replies.js';
import { resultRoleOf } from './latentsync.request.js';

/** Waiting tasks shown in the queue, at most. */
const MAX_QUEUE_SHOWN = 1000;

@ApiTags('LatentSync')
@ApiHeader({
  name: 'Accept-Language',
  description: 'zh (default) or en: language of messages',
  required: false,
  schema: { type: 'string' },
})
@Controller()
export class LatentSyncController {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(TaskViews) private readonly views: TaskViews,
    @Inject(TaskFiles) private readonly files: TaskFiles,
    @Inject(ModelCatalog) private readonly catalog: ModelCatalog,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  @Post('sync')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put a lip-sync task on the queue' })
  @ApiBody({ type: LatentSyncRequest })
  @ApiOkResponse({ type: LatentSyncCreated })
  @FastapiErrors(400, 413, 422)
  @AcceptsIdempotencyKey()
  async create(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<LatentSyncCreated> {
    const options = submitOptionsOf(request);
    const fields = parseFields(LatentSyncRequest, body);
    const context = { tenant, models: await this.models(), newTaskId: randomUUID };
    const task = await this.tasks.submit(fromRequest(fields, context), options);
    return presentCreated(task, await this.tasks.queuePosition(task), languageOf(request));
  }

  @Get('task/:task_id')
  @ApiOperation({ summary: 'State of a task' })
  @ApiOkResponse({ type: LatentSyncTask })
  @FastapiErrors(404)
  async status(
    @Param('task_id') taskId: string,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<LatentSyncTask> {
    return presentTask(await this.views.of(await this.find(tenant, taskId)), languageOf(request));
  }

  @Get('queue')
  @ApiOperation({ summary: 'Waiting tasks' })
  @ApiOkResponse({ type: LatentSyncQueue })
  @FastapiErrors()
  async queue(@Tenant() tenant: string): Promise<LatentSyncQueue> {
    return presentQueue(await this.tasks.queueOf(scope(tenant), MAX_QUEUE_SHOWN));
  }

  @Get('results/:task_id/:file')
  @ApiOperation({ summary: 'Download output.mp4 or output_mask.mp4' })
  @ApiParam({ name: 'file', enum: ['output.mp4', 'output_mask.mp4'] })
  @FileReply('video/mp4')
  @FastapiErrors(404, 416)
  async result(
    @Param('task_id') taskId: string,
    @Param('file') file: string,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.files.reply(request, reply, await this.find(tenant, taskId), resultRoleOf(file), file);
  }

  /** The configured model, and the others that engines can sync lips with. */
  private async models(): Promise<readonly [string, ...string[]]> {
    const engines = await this.catalog.engines();
    const able = engines.flatMap(({ models }) =>
      models.filter(({ kinds }) => kinds.some(({ kind }) => kind === 'lipsync')).map(({ name }) => name),
    );
    return [this.settings.models.lipsync, ...able];
  }

  private async find(tenant: string, taskId: string): Promise<Task> {
    const task = await this.tasks.find(scope(tenant), taskId);
    if (!task) throw new ApiError('unknown-task', 'Task not found', { publicId: taskId });
    return task;
  }
}

function scope(tenant: string): TaskScope {
  return { tenant, dialect: 'latentsync' };
}
