import { TaskError, type EngineEvent, type EngineJob } from '@polyreel/core';
import { EventReader } from './event-reader.js';
import { sendRequest, type GenerateCall } from './request-sender.js';
import { taskErrorOf } from './status-table.js';

/**
 * One job on one call: sends the request while it reads the events. Reading is
 * pulled by the consumer; between two pulls the call is paused, and HTTP/2 flow control holds the engine.
 */
export async function* generationEvents(
  open: () => GenerateCall,
  job: EngineJob,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent, undefined> {
  if (signal.aborted) throw cancelledBy(signal);
  const call = open();
  const reader = new EventReader();
  const stopSending = new AbortController();
  let accepted = false;
  let completed = false;
  let breach: TaskError | undefined;
  /** Ends the call from our side, for a reason the status cannot tell. */
  const breakOff = (reason: TaskError) => {
    breach ??= reason;
    call.cancel();
  };
  const onAbort = () => breakOff(cancelledBy(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  // The status after a cancel comes when nobody iterates any more.
  call.on('error', () => {});
  const sending = sendRequest(call, job, stopSending.signal).catch((error: unknown) => {
    if (!stopSending.signal.aborted) breakOff(TaskError.from(error));
  });
  try {
    for await (const response of call) {
      if (breach) break;
      const event = reader.read(response);
      accepted ||= event?.type === 'accepted';
      completed ||= event?.type === 'completed';
      if (event) yield event;
    }
    if (breach) throw breach;
    if (!completed) throw new Error('The engine ended the stream without completing the job.');
    return undefined;
  } catch (error) {
    // Every output had arrived; how the connection ended no longer matters.
    if (completed && !breach) return undefined;
    throw breach ?? taskErrorOf(error, accepted ? 'after-accepted' : 'before-accepted');
  } finally {
    signal.removeEventListener('abort', onAbort);
    stopSending.abort();
    call.cancel();
    await sending;
  }
}

/** The reason of the abort when it is a TaskError, so that a timeout stays a timeout; CANCELLED otherwise. */
function cancelledBy({ reason }: AbortSignal): TaskError {
  return reason instanceof TaskError ? reason : new TaskError('CANCELLED', undefined, { cause: reason });
}
