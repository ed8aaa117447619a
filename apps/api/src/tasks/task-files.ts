import { Inject, Injectable } from '@nestjs/common';
import { ApiSettings } from '@polyreel/config';
import { assetOf, TaskService, type ObjectStore, type OutputRole, type Task } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.js';
import { replyWithObject } from '../http/object-reply.js';
import { OBJECT_STORE } from './tokens.js';

/** Hands out the files of tasks: streamed through the API, or by redirect to a signed link. */
@Injectable()
export class TaskFiles {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(OBJECT_STORE) private readonly objects: ObjectStore,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  /**
   * @param way how; absent: as the server is set
   * @throws ApiError result-not-ready
   */
  async reply(
    request: FastifyRequest,
    reply: FastifyReply,
    task: Task,
    role: OutputRole,
    fileName: string,
    way: 'stream' | 'redirect' = this.settings.downloads,
  ): Promise<void> {
    const asset = assetOf(task, role);
    if (!asset?.objectKey || !asset.mediaType)
      throw new ApiError('result-not-ready', 'The task has no such file (yet).', { publicId: task.publicId });
    if (way === 'redirect') {
      const link = await this.tasks.outputLink(task, role, {
        seconds: this.settings.linkSeconds,
        fileName,
        disposition: 'attachment',
      });
      await reply.redirect(link!, 302);
      return;
    }
    await replyWithObject(request, reply, this.objects, asset.objectKey, {
      mediaType: asset.mediaType,
      fileName,
      disposition: 'attachment',
    });
  }
}
