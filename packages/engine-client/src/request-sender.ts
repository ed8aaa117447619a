import type { ClientDuplexStream } from '@grpc/grpc-js';
import { orAborted, type EngineInput, type EngineJob } from '@polyreel/core';
import type { GenerateRequest, GenerateResponse } from './generated/polyreel/engine/v1/generation.js';
import { wireKinds } from './wire-words.js';

export type GenerateCall = ClientDuplexStream<GenerateRequest, GenerateResponse>;

/** Bytes of one input message. */
const chunkSize = 256 * 1024;

/**
 * Writes the whole request: start, every input in pieces, half-close. One
 * message is on its way at a time, so a slow engine slows the reading down.
 * Rejects when an input cannot be read or `stop` fires.
 */
export async function sendRequest(call: GenerateCall, job: EngineJob, stop: AbortSignal): Promise<void> {
  await write(call, startOf(job), stop);
  for (const input of job.inputs) await sendInput(call, input, stop);
  call.end();
}

function startOf(job: EngineJob): GenerateRequest {
  const { taskId, attempt, model, parameters } = job;
  const inputs = job.inputs.map(({ role, mediaType, bytes }) => ({ role, mediaType, sizeBytes: bytes }));
  const start = { taskId, attempt, kind: wireKinds[job.kind], model, parameters, inputs };
  return { part: { $case: 'start', start } };
}

async function sendInput(call: GenerateCall, input: EngineInput, stop: AbortSignal): Promise<void> {
  const content = input.open()[Symbol.asyncIterator]();
  let sent = 0;
  try {
    for (;;) {
      const { value: piece, done } = await orAborted(content.next(), stop);
      if (done) break;
      sent += piece.length;
      if (sent > input.bytes) break;
      for (let at = 0; at < piece.length; at += chunkSize) {
        const inputChunk = { role: input.role, data: piece.subarray(at, at + chunkSize) };
        await write(call, { part: { $case: 'inputChunk', inputChunk } }, stop);
      }
    }
  } finally {
    // Not awaited: a source that is silent would keep us here.
    content.return?.().catch(() => {});
  }
  // The engine was told a size; half of a file must never look like the whole.
  if (sent !== input.bytes) {
    throw new Error(`The input ${input.role} has ${sent} bytes or more instead of ${input.bytes}.`);
  }
}

function write(call: GenerateCall, message: GenerateRequest, stop: AbortSignal): Promise<void> {
  const written = new Promise<void>((resolve) => {
    // An error of the call ends the reading side, which knows the status; here it only means: stop.
    call.write(message, () => resolve());
  });
  return orAborted(written, stop);
}
