import { Body, Controller, Get, Head, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiSettings } from '@polyreel/config';
import { TaskService, type Task, type TaskScope } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { ApiError } from '../../http/api-error.js';
import { AcceptsIdempotencyKey, submitOptionsOf } from '../../http/idempotency-key.js';
import { parseFields } from '../../http/parse-fields.js';
import { Tenant } from '../../http/tenant.js';
import { TaskFiles } from '../../tasks/task-files.js';
import { TaskViews } from '../../tasks/task-view.js';
import { LatentSyncRequest } from './latentsync.dto.js';
import { languageOf } from './latentsync.errors.js';
import { fromRequest } from './latentsync.inbound.js';
import { presentCreated, presentQueue, presentTask } from './latentsync.presenter.js';
import { resultRoleOf } from './latentsync.request.js';

/** Waiting tasks shown in the queue, at most. */
const MAX_QUEUE_SHOWN = 1000;

@ApiTags('LatentSync')
@Controller()
export class LatentSyncController {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(TaskViews) private readonly views: TaskViews,
    @Inject(TaskFiles) private readonly files: TaskFiles,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  @Post('sync')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put a lip-sync task on the queue' })
  @ApiBody({ type: LatentSyncRequest })
  @AcceptsIdempotencyKey()
  async create(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<object> {
    const options = submitOptionsOf(request);
    const fields = parseFields(LatentSyncRequest, body);
    const context = { tenant, model: this.settings.models.lipsync, newTaskId: randomUUID };
    const task = await this.tasks.submit(fromRequest(fields, context), options);
    return presentCreated(task, await this.tasks.queuePosition(task), languageOf(request));
  }

  @Get('task/:taskId')
  @ApiOperation({ summary: 'State of a task' })
  async status(
    @Param('taskId') taskId: string,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<object> {
    return presentTask(await this.views.of(await this.find(tenant, taskId)), languageOf(request));
  }

  @Get('queue')
  @ApiOperation({ summary: 'Waiting tasks' })
  async queue(@Tenant() tenant: string): Promise<object> {
    const query = { states: ['queued'], order: 'oldest-first', limit: MAX_QUEUE_SHOWN } as const;
    const [page, counts] = await Promise.all([
      this.tasks.list(scope(tenant), query),
      this.tasks.countByState(scope(tenant)),
    ]);
    return presentQueue(page.tasks, counts);
  }

  @Get('results/:taskId/:file')
  @Head('results/:taskId/:file')
  @ApiOperation({ summary: 'Download output.mp4 or output_mask.mp4' })
  async result(
    @Param('taskId') taskId: string,
    @Param('file') file: string,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.files.reply(request, reply, await this.find(tenant, taskId), resultRoleOf(file), file);
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
