/** All that lies in Redis about a task; everything else is read from the row. */
export interface TaskJob {
  readonly taskId: string;
}
