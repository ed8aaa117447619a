import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_SECONDS = 300;

/**
 * Reads again and again, as a client does, until `done` says so.
 * The error at the deadline shows the last answer, so an endless loop of a client becomes a failure. Only that: it is
 * minutes away, since a busy machine may take one for what a quiet one does in a second.
 */
export async function poll<T>(read: () => Promise<T>, done: (answer: T) => boolean): Promise<T[]> {
  const answers: T[] = [];
  const deadline = performance.now() + DEADLINE_SECONDS * 1000;
  for (;;) {
    const answer = await read();
    answers.push(answer);
    if (done(answer)) return answers;
    if (performance.now() > deadline)
      throw new Error(`Not done after ${DEADLINE_SECONDS} s; the last answer was ${JSON.stringify(answer)}`);
    await delay(200);
  }
}
