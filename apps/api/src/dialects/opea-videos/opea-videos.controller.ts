import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiSettings } from '@polyreel/config';
import {
  isTerminal,
  ModelCatalog,
  TaskService,
  type MediaIntake,
  type Task,
  type TaskScope,
} from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.js';
import { BodyByMediaType } from '../../http/body-by-media-type.js';
import { ErrorReplies, type FailureStatus } from '../../http/error-replies.js';
import { FileReply } from '../../http/file-reply.js';
import { AcceptsIdempotencyKey, submitOptionsOf } from '../../http/idempotency-key.js';
import { parseFields } from '../../http/parse-fields.js';
import { Tenant } from '../../http/tenant.js';
import { TaskFiles } from '../../tasks/task-files.js';
import { TaskViews } from '../../tasks/task-view.js';
import { MEDIA_INTAKE } from '../../tasks/tokens.js';
import {
  OpeaVideosBody,
  OpeaVideosContentQuery,
  OpeaVideosForm,
  OpeaVideosListQuery,
  type ContentVariant,
} from './opea-videos.dto.js';
import { newSeed, newVideoId, toSubmission, type InboundContext } from './opea-videos.inbound.js';
import {
  fileNameOf,
  presentDeleted,
  presentHealth,
  presentList,
  presentStatistics,
  presentVideo,
  videoHeaders,
  type Audience,
} from './opea-videos.presenter.js';
import {
  OpeaVideo,
  OpeaVideoDeleted,
  OpeaVideoFailure,
  OpeaVideoList,
  OpeaVideosError,
} from './opea-videos.replies.js';
import { languageOf, receiveVideoRequest, wordsOf } from './opea-videos.request.js';

const Failures = (...statuses: FailureStatus[]) => ErrorReplies(() => OpeaVideosError, statuses);

/** Milliseconds a delete waits for a running job to stop. */
const STOP_WAIT = 20_000;
/** Ended jobs the statistics look back at. */
const STATISTICS_JOBS = 100;
const SERVICE_VERSION = '1.0';

@ApiTags('Videos')
@ApiExtraModels(OpeaVideo, OpeaVideoDeleted, OpeaVideoFailure)
@Controller(['v1', 'openai/v1'])
export class OpeaVideosController {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(TaskViews) private readonly views: TaskViews,
    @Inject(TaskFiles) private readonly files: TaskFiles,
    @Inject(ModelCatalog) private readonly catalog: ModelCatalog,
    @Inject(MEDIA_INTAKE) private readonly intake: MediaIntake,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  @Post('videos')
  @HttpCode(200)
  @ApiOperation({ summary: 'Create a video (form with files, or JSON)' })
  @BodyByMediaType({ 'multipart/form-data': OpeaVideosForm, 'application/json': OpeaVideosBody })
  @ApiOkResponse({ type: OpeaVideo })
  @Failures(400, 413, 422, 429)
  @AcceptsIdempotencyKey()
  async create(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Tenant() tenant: string,
  ): Promise<object> {
    const options = submitOptionsOf(request);
    const received = await receiveVideoRequest(request, this.intake);
    try {
      const fields = parseFields(OpeaVideosBody, received.fields);
      const context = await this.context(request, tenant);
      const task = await this.tasks.submit(toSubmission(fields, received.files, context), options);
      return await this.show(task, request, reply);
    } finally {
      await received.discard();
    }
  }

  @Get('videos')
  @ApiOperation({ summary: 'List videos by page' })
  @ApiQuery({ type: OpeaVideosListQuery })
  @ApiOkResponse({ type: OpeaVideoList })
  @Failures(400, 404)
  async list(
    @Query() query: unknown,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<object> {
    const { limit = 20, order = 'desc', after } = parseFields(OpeaVideosListQuery, query, 'query');
    // A cursor nobody knows must not look like the end of the list.
    if (after) await this.find(tenant, after);
    const page = await this.tasks.list(scope(tenant), {
      order: order === 'asc' ? 'oldest-first' : 'newest-first',
      limit,
      ...(after && { after }),
    });
    const views = await this.views.ofMany(page.tasks);
    const running = await this.runningTasks(page.tasks);
    return presentList(views, page.hasMore, audienceOf(request), running);
  }

  @Get('videos/:videoId')
  @ApiOperation({ summary: 'State of a video' })
  @ApiOkResponse({ type: OpeaVideo })
  @Failures(404)
  async status(
    @Param('videoId') videoId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Tenant() tenant: string,
  ): Promise<object> {
    return this.show(await this.find(tenant, videoId), request, reply);
  }

  @Get('videos/:videoId/content')
  @ApiOperation({ summary: 'Download a video, its first picture or a sheet of pictures' })
  @ApiQuery({ type: OpeaVideosContentQuery })
  @FileReply('video/mp4', 'image/jpeg')
  @Failures(400, 404, 416)
  async content(
    @Param('videoId') videoId: string,
    @Query() query: unknown,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { variant = 'video' } = parseFields(OpeaVideosContentQuery, query, 'query');
    const task = await this.find(tenant, videoId);
    // An unfinished job is never answered with JSON and 200: clients would save that as their video.
    if (task.state !== 'succeeded')
      throw new ApiError('result-not-ready', 'There is no such file (yet).', { publicId: videoId });
    const name = fileNameOf(task, variant);
    const answers: Record<ContentVariant, () => Promise<void>> = {
      video: () => this.files.reply(request, reply, task, 'result', name),
      thumbnail: () => this.files.reply(request, reply, task, 'poster', name),
      spritesheet: () => this.files.replySpritesheet(request, reply, task, name),
    };
    await answers[variant]();
  }

  @Delete('videos/:videoId')
  @HttpCode(200)
  @ApiOperation({ summary: 'Delete a video and its files' })
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(OpeaVideo) }, { $ref: getSchemaPath(OpeaVideoDeleted) }] },
  })
  @Failures(400, 404, 409)
  async delete(
    @Param('videoId') videoId: string,
    @Req() request: FastifyRequest,
    @Tenant() tenant: string,
  ): Promise<object> {
    const audience = audienceOf(request);
    const task = await this.find(tenant, videoId);
    // The document protects a running job; OpenAI's clients expect that deleting stops it.
    if (task.state === 'running' && audience.words === 'opea') throw stillProcessing(videoId);
    if (!isTerminal(task.state)) await this.tasks.cancel(scope(tenant), videoId);
    await this.tasks.waitForEnd(scope(tenant), videoId, STOP_WAIT);
    const removed = await this.tasks.delete(scope(tenant), videoId);
    if (removed) return presentDeleted(removed, audience);
    // Either somebody else has just deleted it, or the job has not stopped yet.
    await this.find(tenant, videoId);
    throw stillProcessing(videoId);
  }

  @Get('health_check')
  @ApiOperation({ summary: 'What this service is' })
  health(): object {
    return presentHealth(SERVICE_VERSION);
  }

  @Get('statistics')
  @ApiOperation({ summary: 'Seconds the last completed videos took' })
  async statistics(@Tenant() tenant: string): Promise<object> {
    const { tasks } = await this.tasks.list(scope(tenant), {
      states: ['succeeded'],
      order: 'newest-first',
      limit: STATISTICS_JOBS,
    });
    return presentStatistics(tasks);
  }

  private async show(task: Task, request: FastifyRequest, reply: FastifyReply): Promise<object> {
    const audience = audienceOf(request);
    const view = await this.views.of(task);
    void reply.headers(videoHeaders(view, audience));
    return presentVideo(view, audience, await this.runningTasks([task]));
  }

  /** Asked only when somebody waits; nobody else is told. */
  private async runningTasks(shown: readonly Task[]): Promise<number> {
    return shown.some(({ state }) => state === 'queued') ? this.tasks.countRunning() : 0;
  }

  private async find(tenant: string, videoId: string): Promise<Task> {
    const task = await this.tasks.find(scope(tenant), videoId);
    if (!task) throw new ApiError('unknown-task', 'Video not found', { publicId: videoId });
    return task;
  }

  private async context(request: FastifyRequest, tenant: string): Promise<InboundContext> {
    const engines = await this.catalog.engines();
    return {
      tenant,
      words: audienceOf(request).words,
      models: this.settings.models,
      announced: new Set(engines.flatMap(({ models }) => models.map(({ name }) => name))),
      volume: { roots: this.settings.volumeRoots, prefix: this.settings.volumePrefix },
      hasLogo: this.settings.logoVideo !== undefined,
      ...(this.settings.webhook && { webhookUrl: this.settings.webhook.url }),
      newVideoId,
      newSeed,
    };
  }
}

function audienceOf({ url, headers }: FastifyRequest): Audience {
  return { words: wordsOf(url, headers), language: languageOf(headers) };
}

function stillProcessing(videoId: string): ApiError {
  return new ApiError('wrong-state', 'The video is processing.', { publicId: videoId });
}

function scope(tenant: string): TaskScope {
  return { tenant, dialect: 'opea-videos' };
}
