import {
  Body,
  Controller,
  Delete,
  Get,
  Head,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiSettings } from '@polyreel/config';
import { activeStates, TaskService, type MediaIntake, type Task, type TaskScope } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.js';
import { readMultipartForm } from '../../http/multipart-form.js';
import { parseFields } from '../../http/parse-fields.js';
import { Tenant } from '../../http/tenant.js';
import { TaskFiles } from '../../tasks/task-files.js';
import { TaskViews } from '../../tasks/task-view.js';
import { MEDIA_INTAKE } from '../../tasks/tokens.js';
import { LightX2VCreateBody, LightX2VForm, LightX2VFormFields, LightX2VListQuery } from './lightx2v.dto.js';
import { formFiles, fromForm, fromJson, newLightX2VTaskId, type InboundContext } from './lightx2v.inbound.js';
import {
  presentCreated,
  presentList,
  presentMetadata,
  presentQueue,
  presentService,
  presentStatus,
  presentStop,
  presentStopAll,
  resultFileName,
} from './lightx2v.presenter.js';
import { downloadId, vocabularyOf } from './lightx2v.request.js';

/** Running tasks shown in the service status, at most. */
const MAX_ACTIVE_SHOWN = 100;

@ApiTags('LightX2V')
@Controller(['v1', 'lightx2v/v1'])
export class LightX2VController {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(TaskViews) private readonly views: TaskViews,
    @Inject(TaskFiles) private readonly files: TaskFiles,
    @Inject(MEDIA_INTAKE) private readonly intake: MediaIntake,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  @Post(['tasks/video', 'tasks'])
  @HttpCode(200)
  @ApiOperation({ summary: 'Create a video task (JSON)' })
  @ApiBody({ type: LightX2VCreateBody })
  async create(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<object> {
    const fields = parseFields(LightX2VCreateBody, body);
    return presentCreated(await this.tasks.submit(fromJson(fields, this.context(request, tenant))));
  }

  @Post('tasks/video/form')
  @HttpCode(200)
  @ApiOperation({ summary: 'Create a video task (form with files)' })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ type: LightX2VForm })
  async createFromForm(@Req() request: FastifyRequest, @Tenant() tenant: string): Promise<object> {
    const plans: Partial<Record<string, (typeof formFiles)[keyof typeof formFiles]>> = formFiles;
    const form = await readMultipartForm(request, this.intake, (field) => plans[field]);
    try {
      const fields = parseFields(LightX2VFormFields, form.fields);
      return presentCreated(await this.tasks.submit(fromForm(fields, form, this.context(request, tenant))));
    } finally {
      await form.discard();
    }
  }

  @Get('tasks')
  @ApiOperation({ summary: 'List tasks, newest last' })
  async list(@Query() query: unknown, @Tenant() tenant: string): Promise<object> {
    const { limit = 1000, after } = parseFields(LightX2VListQuery, query, 'query');
    const page = await this.tasks.list(scope(tenant), {
      order: 'oldest-first',
      limit,
      ...(after && { after }),
    });
    return presentList(await Promise.all(page.tasks.map((task) => this.views.of(task))));
  }

  @Get('tasks/queue/status')
  @ApiOperation({ summary: 'State of the queue' })
  async queue(@Tenant() tenant: string): Promise<object> {
    const [counts, running] = await Promise.all([
      this.tasks.countByState(scope(tenant)),
      this.running(tenant, 1),
    ]);
    return presentQueue(counts, running[0], this.settings.queueLimit);
  }

  @Get('tasks/:taskId/status')
  @ApiOperation({ summary: 'State of a task' })
  async status(@Param('taskId') taskId: string, @Tenant() tenant: string): Promise<object> {
    return presentStatus(await this.views.of(await this.find(tenant, taskId)));
  }

  @Get('tasks/:taskId/result')
  @Head('tasks/:taskId/result')
  @ApiOperation({ summary: 'Download the result' })
  async result(
    @Param('taskId') taskId: string,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.download(request, reply, await this.find(tenant, taskId));
  }

  @Get('files/download/*')
  @Head('files/download/*')
  @ApiOperation({ summary: 'Download a result by the path a status reply or the guide names' })
  async file(
    @Param('*') path: string,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.download(request, reply, await this.find(tenant, downloadId(path)));
  }

  @Delete('tasks/all/running')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop every unfinished task' })
  async stopAll(@Tenant() tenant: string): Promise<object> {
    const running = await this.running(tenant, MAX_ACTIVE_SHOWN);
    const waiting = await this.tasks.cancelQueued(scope(tenant));
    await Promise.all(running.map(({ publicId }) => this.tasks.cancel(scope(tenant), publicId)));
    return presentStopAll(waiting + running.length);
  }

  @Delete('tasks/:taskId')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop a task' })
  async stop(@Param('taskId') taskId: string, @Tenant() tenant: string): Promise<object> {
    return presentStop(await this.tasks.cancel(scope(tenant), taskId));
  }

  @Get('service/status')
  @ApiOperation({ summary: 'State of the service' })
  async service(@Tenant() tenant: string): Promise<object> {
    const counts = await this.tasks.countByState(scope(tenant));
    return presentService(counts, await this.running(tenant, MAX_ACTIVE_SHOWN), this.settings.queueLimit);
  }

  @Get('service/metadata')
  @ApiOperation({ summary: 'What the service runs' })
  metadata(): object {
    return presentMetadata({ ...this.settings.models });
  }

  private async find(tenant: string, taskId: string): Promise<Task> {
    const task = await this.tasks.find(scope(tenant), taskId);
    if (!task) throw new ApiError('unknown-task', 'Task not found', { publicId: taskId });
    return task;
  }

  private async download(request: FastifyRequest, reply: FastifyReply, task: Task): Promise<void> {
    if (task.state !== 'succeeded')
      throw new ApiError('result-not-ready', 'Task not completed', { publicId: task.publicId });
    await this.files.reply(request, reply, task, 'result', resultFileName(task));
  }

  private async running(tenant: string, limit: number): Promise<readonly Task[]> {
    const states = [activeStates[1]];
    return (await this.tasks.list(scope(tenant), { states, order: 'oldest-first', limit })).tasks;
  }

  private context(request: FastifyRequest, tenant: string): InboundContext {
    return {
      tenant,
      models: this.settings.models,
      volume: { roots: this.settings.volumeRoots, prefix: this.settings.volumePrefix },
      vocabulary: vocabularyOf(request),
      newTaskId: newLightX2VTaskId,
    };
  }
}

function scope(tenant: string): TaskScope {
  return { tenant, dialect: 'lightx2v' };
}
