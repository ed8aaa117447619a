import { Inject, Injectable } from '@nestjs/common';
import { TaskService, type Task } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.js';
import { whileConnected } from '../../http/client-connection.js';
import { replyWithJson } from '../../http/json-reply.js';
import { ResultDelivery } from '../../tasks/result-delivery.js';
import { TaskViews } from '../../tasks/task-view.js';
import { deliveryWishes, hasVanished, presentJob } from './runpod.presenter.js';
import type { EndpointScope } from './runpod.request.js';

/** Milliseconds a request for the end of a job is held when it does not say. */
export const DEFAULT_WAIT = 90_000;

/** Finds, awaits and shows single jobs, for the routes of both controllers. */
@Injectable()
export class RunpodJobs {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(TaskViews) private readonly views: TaskViews,
    @Inject(ResultDelivery) private readonly results: ResultDelivery,
  ) {}

  /** @throws ApiError unknown-task also for jobs past their time to live */
  async find(scope: EndpointScope, jobId: string): Promise<Task> {
    return present(await this.tasks.find(scope, jobId), jobId);
  }

  /**
   * Holds the request until the job has ended, the time is over or the client has gone.
   * @throws ApiError unknown-task also for jobs past their time to live
   */
  async awaitEnd(
    scope: EndpointScope,
    jobId: string,
    milliseconds: number,
    request: FastifyRequest,
  ): Promise<Task> {
    const task = await whileConnected(request, (signal) =>
      this.tasks.waitForEnd(scope, jobId, milliseconds, signal),
    );
    return present(task, jobId);
  }

  /** Answers with state and result of the job. */
  async send(reply: FastifyReply, task: Task): Promise<void> {
    const [view, delivered] = await Promise.all([
      this.views.of(task),
      this.results.of(task, deliveryWishes(task)),
    ]);
    await replyWithJson(reply, presentJob(view, delivered), delivered.inline ? [delivered.inline] : []);
  }
}

function present(task: Task | undefined, jobId: string): Task {
  if (!task || hasVanished(task, new Date()))
    throw new ApiError('unknown-task', 'job not found', { publicId: jobId });
  return task;
}
