/** Id of a job on the queue. BullMQ allows no colon in it and ignores an id that is already there. */
export function jobIdOf(taskId: string, attempt: number): string {
  return `${taskId}-${attempt}`;
}

/** The attempt a job id was made for. @throws Error when the id was not made by `jobIdOf` */
export function attemptOf(jobId: string): number {
  const attempt = Number(jobId.slice(jobId.lastIndexOf('-') + 1));
  if (!jobId.includes('-') || !Number.isSafeInteger(attempt) || attempt < 1) {
    throw new Error(`The job id ${jobId} does not end with an attempt number.`);
  }
  return attempt;
}
