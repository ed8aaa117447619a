import { Logger } from '@nestjs/common';
import { TaskService, type CancelOutcome, type Task, type TaskScope } from '@polyreel/core';

/** The task service, saying what clients did to which task; the request id is on the line already. */
export class LoggedTaskService extends TaskService {
  private readonly logger = new Logger('Tasks');

  override async submit(...request: Parameters<TaskService['submit']>): Promise<Task> {
    const task = await super.submit(...request);
    const { id: taskId, publicId, tenant, dialect, kind, model } = task;
    this.logger.log({ taskId, publicId, tenant, dialect, kind, model }, `Task ${taskId} created`);
    return task;
  }

  override async cancel(scope: TaskScope, publicId: string): Promise<CancelOutcome> {
    const outcome = await super.cancel(scope, publicId);
    this.logger.log({ publicId, ...scope, outcome }, `Cancel of ${publicId}: ${outcome}`);
    return outcome;
  }

  override async delete(scope: TaskScope, publicId: string): Promise<Task | undefined> {
    const task = await super.delete(scope, publicId);
    if (task) this.logger.log({ taskId: task.id, publicId, ...scope }, `Task ${task.id} deleted`);
    return task;
  }
}
