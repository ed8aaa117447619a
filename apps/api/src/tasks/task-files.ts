import { Inject, Injectable } from '@nestjs/common';
import { ApiSettings } from '@polyreel/config';
import { assetOf, type ObjectStore, type OutputRole, type Task } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.js';
import { replyWithObject } from '../http/object-reply.js';
import { Spritesheets, type StoredFile } from './spritesheets.js';
import { OBJECT_STORE } from './tokens.js';

/** Hands out the files of tasks: streamed through the API, or by redirect to a signed link. */
@Injectable()
export class TaskFiles {
  constructor(
    @Inject(Spritesheets) private readonly spritesheets: Spritesheets,
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
    await this.send(request, reply, task, assetOf(task, role), fileName, way);
  }

  /** An overview of the result, made when it is first asked for. @throws ApiError result-not-ready */
  async replySpritesheet(
    request: FastifyRequest,
    reply: FastifyReply,
    task: Task,
    fileName: string,
  ): Promise<void> {
    await this.send(
      request,
      reply,
      task,
      await this.spritesheets.of(task),
      fileName,
      this.settings.downloads,
    );
  }

  private async send(
    request: FastifyRequest,
    reply: FastifyReply,
    task: Task,
    file: Partial<StoredFile> | undefined,
    fileName: string,
    way: 'stream' | 'redirect',
  ): Promise<void> {
    const { objectKey, mediaType } = file ?? {};
    if (!objectKey || !mediaType)
      throw new ApiError('result-not-ready', 'The task has no such file (yet).', { publicId: task.publicId });
    const options = { mediaType, fileName, disposition: 'attachment' } as const;
    if (way === 'stream') return replyWithObject(request, reply, this.objects, objectKey, options);
    const seconds = this.settings.linkSeconds;
    await reply.redirect(
      await this.objects.signedLink(objectKey, { ...options, seconds, audience: 'public' }),
      302,
    );
  }
}
