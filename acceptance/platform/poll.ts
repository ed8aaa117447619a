import { setTimeout as delay } from 'node:timers/promises';

/**
 * Reads again and again, as a client does, until `done` says so.
 * @param seconds deadline; the error then shows the last answer, so an endless loop of a client becomes a failure
 */
export async function poll<T>(
  read: () => Promise<T>,
  done: (answer: T) => boolean,
  seconds = 120,
): Promise<T[]> {
  const answers: T[] = [];
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await read();
    answers.push(answer);
    if (done(answer)) return answers;
    if (performance.now() > deadline)
      throw new Error(`Not done after ${seconds} s; the last answer was ${JSON.stringify(answer)}`);
    await delay(200);
  }
}
