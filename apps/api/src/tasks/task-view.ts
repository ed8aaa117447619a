import { Inject, Injectable } from '@nestjs/common';
import { ApiSettings } from '@polyreel/config';
import { isTerminal, TaskService, type Outlook, type Task } from '@polyreel/core';

/** Everything a presenter may need to know about a task; made by reads, so presenters stay pure. */
export interface TaskView {
  readonly task: Task;
  /** Tasks before this one; 0 when it does not wait. */
  readonly queuePosition: number;
  /** Seconds until the end, at least 1 before it. Undefined: unknown. 0: has ended. */
  readonly estimatedSeconds: number | undefined;
  /** Bounds four in five tasks end within, in seconds. Absent: unknown. */
  readonly estimatedRange?: Outlook['estimatedRange'];
  /** It waits, and no engine that is there has its model. */
  readonly engineMissing: boolean;
  /** Links signed for this reply. Undefined: there is no such file. */
  readonly resultLink: string | undefined;
  readonly maskLink: string | undefined;
  readonly posterLink: string | undefined;
  /** When the links end. */
  readonly linksExpireAt: Date;
  /** When an ended task is removed with its files. Absent: it has not ended, or is kept for ever. */
  readonly expiresAt?: Date;
}

/** Tasks of a list looked into at the same time. */
const AT_A_TIME = 4;

const DAY_MILLISECONDS = 86_400_000;

@Injectable()
export class TaskViews {
  constructor(
    @Inject(TaskService) private readonly tasks: TaskService,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {}

  async of(task: Task): Promise<TaskView> {
    const seconds = this.settings.linkSeconds;
    const link = (role: 'result' | 'mask_result' | 'poster', fileName: string) =>
      this.tasks.outputLink(task, role, { seconds, fileName, disposition: 'attachment' });
    const [outlook, resultLink, maskLink, posterLink] = await Promise.all([
      this.tasks.outlook(task),
      link('result', `${task.publicId}.mp4`),
      link('mask_result', `${task.publicId}-mask.mp4`),
      link('poster', `${task.publicId}.jpg`),
    ]);
    const linksExpireAt = new Date(Date.now() + seconds * 1000);
    const expiresAt = this.expiryOf(task);
    const links = { resultLink, maskLink, posterLink, linksExpireAt };
    return { task, ...outlook, ...links, ...(expiresAt && { expiresAt }) };
  }

  /** Views of a page of tasks, a few at a time: a long list must not take every database connection. */
  async ofMany(tasks: readonly Task[]): Promise<readonly TaskView[]> {
    const views: TaskView[] = [];
    for (let start = 0; start < tasks.length; start += AT_A_TIME)
      views.push(...(await Promise.all(tasks.slice(start, start + AT_A_TIME).map((task) => this.of(task)))));
    return views;
  }

  private expiryOf({ state, finishedAt }: Task): Date | undefined {
    const days = this.settings.retention.resultsDays;
    if (days === 0 || !finishedAt || !isTerminal(state)) return undefined;
    return new Date(finishedAt.getTime() + days * DAY_MILLISECONDS);
  }
}
