import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { TaskError, type Engine, type EngineEvent, type EngineInput, type EngineJob } from '@polyreel/core';
import { describeResponse } from './describe-response.js';
import {
  EngineServiceService,
  type EngineServiceServer,
} from '../src/generated/polyreel/engine/v1/engine_service.js';
import {
  Stage,
  type GenerateRequest,
  type GenerateResponse,
} from '../src/generated/polyreel/engine/v1/generation.js';
import { statusOf } from '../src/status-table.js';
import { kinds } from '../src/wire-words.js';

type Call = ServerDuplexStream<GenerateRequest, GenerateResponse>;

const wireStages = {
  loading: Stage.STAGE_LOADING,
  generating: Stage.STAGE_GENERATING,
  encoding: Stage.STAGE_ENCODING,
};

export interface EngineServer {
  readonly address: string;
  readonly port: number;
  close(): void;
}

/** Serves any Engine by the contract, as an engine host does: what tests put behind a real socket. */
export async function serveEngine(
  engine: Engine,
  changes: Partial<EngineServiceServer> = {},
  credentials = ServerCredentials.createInsecure(),
): Promise<EngineServer> {
  const server = new Server();
  const implementation: EngineServiceServer = {
    describe: (_call, callback) => {
      engine.describe().then(
        (description) => callback(null, describeResponse(description)),
        (error: unknown) => callback(statusOf(TaskError.from(error))),
      );
    },
    generate: (call) => void serveJob(engine, call),
    ...changes,
  };
  server.addService(EngineServiceService, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { address: `127.0.0.1:${port}`, port, close: () => server.forceShutdown() };
}

async function serveJob(engine: Engine, call: Call): Promise<void> {
  const cancelled = new AbortController();
  call.on('cancelled', () => cancelled.abort());
  // A call that breaks is seen as cancelled; its stream error says nothing more.
  call.on('error', () => {});
  try {
    const requests = call[Symbol.asyncIterator]() as AsyncIterator<GenerateRequest>;
    const job = await readStart(requests);
    for await (const event of engine.generate(job, cancelled.signal)) {
      if (!call.write(responseOf(event))) await drained(call, cancelled.signal);
    }
    call.end();
  } catch (error) {
    call.emit('error', statusOf(TaskError.from(error)));
  }
}

async function readStart(requests: AsyncIterator<GenerateRequest>): Promise<EngineJob> {
  const { part } = ((await requests.next()).value ?? {}) as Partial<GenerateRequest>;
  if (part?.$case !== 'start') throw new TaskError('INVALID_INPUT', 'The first message must be `start`.');
  const { start } = part;
  const kind = kinds[start.kind];
  if (!kind) throw new TaskError('INVALID_INPUT', 'There is no such kind.');
  const { taskId, attempt, model, parameters = {} } = start;
  const inputs = start.inputs.map(({ role, mediaType, sizeBytes }) => ({
    role: role as EngineInput['role'],
    mediaType,
    bytes: sizeBytes,
    open: () => inputBytes(requests, role, sizeBytes),
  }));
  return { taskId, attempt, kind, model, parameters, inputs };
}

async function* inputBytes(
  requests: AsyncIterator<GenerateRequest>,
  role: string,
  size: number,
): AsyncGenerator<Uint8Array> {
  for (let received = 0; received < size;) {
    const { value, done } = await requests.next();
    const { part } = (done ? {} : value) as Partial<GenerateRequest>;
    if (part?.$case !== 'inputChunk' || part.inputChunk.role !== role) {
      throw new TaskError('INVALID_INPUT', `The input ${role} is not complete.`);
    }
    received += part.inputChunk.data.length;
    yield part.inputChunk.data;
  }
}

async function drained(call: Call, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    call.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

export function responseOf(event: EngineEvent): GenerateResponse {
  switch (event.type) {
    case 'accepted':
      return { part: { $case: 'accepted', accepted: event } };
    case 'progress': {
      const { stage, ...rest } = event;
      return { part: { $case: 'progress', progress: { ...rest, stage: wireStages[stage] } } };
    }
    case 'preview':
      return { part: { $case: 'preview', preview: event } };
    case 'output-start':
      return { part: { $case: 'outputStart', outputStart: event } };
    case 'output-chunk':
      return { part: { $case: 'outputChunk', outputChunk: event } };
    case 'completed':
      return { part: { $case: 'completed', completed: event } };
  }
}
