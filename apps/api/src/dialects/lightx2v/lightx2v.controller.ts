import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiSettings } from '@polyreel/config';
import { ModelCatalog, TaskService, type MediaIntake, type Task, type TaskScope } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.js';
import { FastapiErrors } from '../../http/fastapi-replies.js';
import { FileReply } from '../../http/file-reply.js';
import { AcceptsIdempotencyKey, submitOptionsOf } from '../../http/idempotency-key.js';
import { readMultipartForm } from '../../http/multipart-form.js';
import { parseFields } from '../../http/parse-fields.js';
import { Tenant } from '../../http/tenant.js';
import { TaskFiles } from '../../tasks/task-files.js';
import { TaskViews } from '../../tasks/task-view.js';
import { MEDIA_INTAKE } from '../../tasks/tokens.js';
import { LightX2VCreateBody, LightX2VForm, LightX2VListQuery } from './lightx2v.dto.js';
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
import {
  LightX2VCreated,
  LightX2VListed,
  LightX2VMetadata,
  LightX2VQueue,
  LightX2VService,
  LightX2VStatus,
  LightX2VStopped,
} from './lightx2v.replies.js';
import {
  downloadPath,
  nextPageLink,
  structuredFields,
  vocabularyForCreate,
  vocabularyOf,
} from './lightx2v.request.js';

/** On routes whose replies have a `status`. */
const SpeaksVocabulary = () =>
  ApiHeader({
    name: 'x-status-vocabulary',
    description:
      'Words of `status`: server (pending, processing, completed...) or guide (submitted, running, succeed...)',
    required: false,
    schema: { type: 'string', enum: ['server', 'guide'] },
  });

/** Running tasks shown in the service status and stopped at a time, at most. */
const MAX_RUNNING = 1000;

@ApiTags('LightX2V')
@ApiExtraModels(LightX2VListed)
@Controller(['v1', 'lightx2v/v1'])
export class LightX2VController {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(TaskViews) private readonly views: TaskViews,
    @Inject(TaskFiles) private readonly files: TaskFiles,
    @Inject(MEDIA_INTAKE) private readonly intake: MediaIntake,
    @Inject(ModelCatalog) private readonly catalog: ModelCatalog,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  @Post(['tasks/video', 'tasks'])
  @HttpCode(200)
  @ApiOperation({ summary: 'Create a video task (JSON)' })
  @SpeaksVocabulary()
  @ApiBody({ type: LightX2VCreateBody })
  @AcceptsIdempotencyKey()
  @ApiOkResponse({ type: LightX2VCreated })
  @FastapiErrors(400, 413, 422)
  async create(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<LightX2VCreated> {
    const options = submitOptionsOf(request);
    const submission = fromJson(parseFields(LightX2VCreateBody, body), this.context(request, tenant));
    return presentCreated(await this.tasks.submit(submission, options));
  }

  @Post('tasks/video/form')
  @HttpCode(200)
  @ApiOperation({ summary: 'Create a video task (form with files)' })
  @SpeaksVocabulary()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ type: LightX2VForm })
  @AcceptsIdempotencyKey()
  @ApiOkResponse({ type: LightX2VCreated })
  @FastapiErrors(400, 413, 422)
  async createFromForm(@Req() request: FastifyRequest, @Tenant() tenant: string): Promise<LightX2VCreated> {
    const options = submitOptionsOf(request);
    const plans: Partial<Record<string, (typeof formFiles)[keyof typeof formFiles]>> = formFiles;
    const form = await readMultipartForm(request, this.intake, (field) => plans[field]);
    try {
      const fields = parseFields(LightX2VCreateBody, structuredFields(form.fields));
      const submission = fromForm(fields, form, this.context(request, tenant));
      return presentCreated(await this.tasks.submit(submission, options));
    } finally {
      await form.discard();
    }
  }

  @Get('tasks')
  @ApiOperation({ summary: 'List tasks, newest last; the header Link leads to the next page' })
  @SpeaksVocabulary()
  @ApiQuery({ type: LightX2VListQuery })
  @ApiOkResponse({
    schema: { type: 'object', additionalProperties: { $ref: getSchemaPath(LightX2VListed) } },
  })
  @FastapiErrors(422)
  async list(
    @Query() query: unknown,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Record<string, LightX2VListed>> {
    const { limit = 1000, after } = parseFields(LightX2VListQuery, query, 'query');
    const order = 'oldest-first' as const;
    const { tasks, hasMore } = await this.tasks.list(scope(tenant), {
      order,
      limit,
      ...(after && { after }),
    });
    const link = nextPageLink(request.url, limit, hasMore ? tasks.at(-1)?.publicId : undefined);
    void reply.headers({ ...(link && { link }) });
    return presentList(tasks, vocabularyOf(request));
  }

  @Get('tasks/queue/status')
  @ApiOperation({ summary: 'State of the queue' })
  @ApiOkResponse({ type: LightX2VQueue })
  @FastapiErrors()
  async queue(@Tenant() tenant: string): Promise<LightX2VQueue> {
    const [counts, running] = await Promise.all([
      this.tasks.countByState(scope(tenant), ['queued', 'running']),
      this.running(tenant, 1),
    ]);
    return presentQueue(counts, running[0], this.settings.queueLimit);
  }

  @Get('tasks/:task_id/status')
  @ApiOperation({ summary: 'State of a task' })
  @SpeaksVocabulary()
  @ApiOkResponse({ type: LightX2VStatus })
  @FastapiErrors(404)
  async status(
    @Param('task_id') taskId: string,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<LightX2VStatus> {
    return presentStatus(await this.views.of(await this.find(tenant, taskId)), vocabularyOf(request));
  }

  @Get('tasks/:task_id/result')
  @ApiOperation({ summary: 'Download the result' })
  @FileReply('video/mp4')
  @FastapiErrors(404, 416)
  async result(
    @Param('task_id') taskId: string,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.download(request, reply, await this.find(tenant, taskId));
  }

  @Get('files/download/*')
  @ApiOperation({ summary: 'Download a result by the path a status reply, the guide or the client names' })
  @ApiParam({ name: 'path', type: String, example: 'outputs/videos/UWYF-AVKZ-4I5B-EO6T-D1IY.mp4' })
  @FileReply('video/mp4')
  @FastapiErrors(403, 404, 416)
  async file(
    @Param('*') path: string,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { wished, id } = downloadPath(path);
    const task =
      (await this.tasks.findByResultPath(scope(tenant), wished)) ??
      (await this.tasks.find(scope(tenant), id));
    if (!task) throw new ApiError('unknown-task', `File not found: ${path}`, { publicId: id });
    await this.download(request, reply, task);
  }

  @Delete('tasks/all/running')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop every unfinished task' })
  @ApiOkResponse({ type: LightX2VStopped })
  @FastapiErrors()
  async stopAll(@Tenant() tenant: string): Promise<LightX2VStopped> {
    await this.tasks.cancelQueued(scope(tenant));
    const running = await this.running(tenant, MAX_RUNNING);
    await Promise.all(running.map(({ publicId }) => this.tasks.cancel(scope(tenant), publicId)));
    return presentStopAll();
  }

  @Delete('tasks/:task_id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop a task' })
  @ApiOkResponse({ type: LightX2VStopped })
  @FastapiErrors()
  async stop(@Param('task_id') taskId: string, @Tenant() tenant: string): Promise<LightX2VStopped> {
    const outcome = await this.tasks.cancel(scope(tenant), taskId);
    return presentStop(outcome, await this.tasks.find(scope(tenant), taskId));
  }

  @Get('service/status')
  @ApiOperation({ summary: 'State of the service' })
  @ApiOkResponse({ type: LightX2VService })
  @FastapiErrors()
  async service(@Tenant() tenant: string): Promise<LightX2VService> {
    // Tasks of this dialect have no endpoint; said so, a long history is counted by its index.
    const counts = await this.tasks.countByState({ ...scope(tenant), endpoint: '' });
    return presentService(counts, await this.running(tenant, MAX_RUNNING), this.settings.queueLimit);
  }

  @Get('service/metadata')
  @ApiOperation({ summary: 'What the service runs' })
  @ApiOkResponse({ type: LightX2VMetadata })
  @FastapiErrors()
  async metadata(): Promise<LightX2VMetadata> {
    const engines = await this.catalog.engines();
    const slots = engines.reduce((sum, engine) => sum + engine.slots, 0);
    return presentMetadata(this.settings.models.talk, slots);
  }

  private async find(tenant: string, taskId: string): Promise<Task> {
    const task = await this.tasks.find(scope(tenant), taskId);
    if (!task) throw new ApiError('unknown-task', 'Task not found', { publicId: taskId });
    return task;
  }

  private async download(request: FastifyRequest, reply: FastifyReply, task: Task): Promise<void> {
    if (task.state !== 'succeeded')
      throw new ApiError('wrong-state', 'Task not completed', { publicId: task.publicId });
    await this.files.reply(request, reply, task, 'result', resultFileName(task));
  }

  private async running(tenant: string, limit: number): Promise<readonly Task[]> {
    const query = { states: ['running'], order: 'oldest-first', limit } as const;
    return (await this.tasks.list(scope(tenant), query)).tasks;
  }

  private context(request: FastifyRequest, tenant: string): InboundContext {
    return {
      tenant,
      models: this.settings.models,
      volume: { roots: this.settings.volumeRoots, prefix: this.settings.volumePrefix },
      vocabulary: vocabularyForCreate(request),
      newTaskId: newLightX2VTaskId,
    };
  }
}

function scope(tenant: string): TaskScope {
  return { tenant, dialect: 'lightx2v' };
}
