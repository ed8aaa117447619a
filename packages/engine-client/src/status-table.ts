import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { isTaskErrorCode, TaskError, type TaskErrorCode } from '@polyreel/core';

const codeKey = 'polyreel-error-code';
const retryableKey = 'polyreel-error-retryable';

/** Longest message that is taken from an engine, in characters. */
const messageLimit = 1_000;

/** Had the engine taken the job when the call ended? */
export type CallPhase = 'before-accepted' | 'after-accepted';

/** What a status without our metadata means: it comes from the transport, the gRPC runtime or a foreign engine. */
interface StatusMeaning {
  readonly before: TaskErrorCode;
  readonly after: TaskErrorCode;
  /** Whether the message was written for users. The transport's own words tell addresses and internals. */
  readonly speaksToUsers: boolean;
}

const away: StatusMeaning = { before: 'ENGINE_UNAVAILABLE', after: 'ENGINE_LOST', speaksToUsers: false };
const busy: StatusMeaning = {
  before: 'ENGINE_UNAVAILABLE',
  after: 'ENGINE_UNAVAILABLE',
  speaksToUsers: false,
};
const refused: StatusMeaning = { before: 'INVALID_INPUT', after: 'INVALID_INPUT', speaksToUsers: true };
const broken: StatusMeaning = { before: 'INTERNAL', after: 'INTERNAL', speaksToUsers: false };

/** Total over the status codes of gRPC. */
const meanings: Record<Exclude<keyof typeof status, 'OK'>, StatusMeaning> = {
  CANCELLED: away,
  UNKNOWN: broken,
  INVALID_ARGUMENT: refused,
  DEADLINE_EXCEEDED: away,
  NOT_FOUND: refused,
  ALREADY_EXISTS: broken,
  PERMISSION_DENIED: busy,
  RESOURCE_EXHAUSTED: busy,
  FAILED_PRECONDITION: refused,
  ABORTED: away,
  OUT_OF_RANGE: refused,
  UNIMPLEMENTED: busy,
  INTERNAL: away,
  UNAVAILABLE: away,
  DATA_LOSS: away,
  UNAUTHENTICATED: busy,
};

/** The other direction, total over our codes; the engine hosts use the same pairs. */
const statusOfCode: Record<TaskErrorCode, status> = {
  INVALID_INPUT: status.INVALID_ARGUMENT,
  UNSUPPORTED_MEDIA: status.INVALID_ARGUMENT,
  INPUT_UNREACHABLE: status.INVALID_ARGUMENT,
  INPUT_TOO_LARGE: status.INVALID_ARGUMENT,
  FACE_NOT_DETECTED: status.FAILED_PRECONDITION,
  AUDIO_TOO_SHORT: status.FAILED_PRECONDITION,
  OUT_OF_MEMORY: status.RESOURCE_EXHAUSTED,
  ENGINE_UNAVAILABLE: status.UNAVAILABLE,
  ENGINE_LOST: status.UNAVAILABLE,
  UPLOAD_FAILED: status.INTERNAL,
  EXECUTION_TIMEOUT: status.DEADLINE_EXCEEDED,
  EXPIRED: status.DEADLINE_EXCEEDED,
  CANCELLED: status.CANCELLED,
  INTERNAL: status.INTERNAL,
};

/** How a call ended, as a TaskError. Anything that is not a status of gRPC becomes INTERNAL. */
export function taskErrorOf(thrown: unknown, phase: CallPhase): TaskError {
  if (thrown instanceof TaskError || !isServiceError(thrown)) return TaskError.from(thrown);
  const [code] = thrown.metadata.get(codeKey);
  if (typeof code === 'string' && isTaskErrorCode(code)) {
    const [retryable] = thrown.metadata.get(retryableKey);
    return new TaskError(code, messageOf(thrown), {
      cause: thrown,
      ...(typeof retryable === 'string' ? { retryable: retryable === 'true' } : {}),
    });
  }
  const meaning = meaningOf(thrown.code);
  return new TaskError(
    phase === 'before-accepted' ? meaning.before : meaning.after,
    meaning.speaksToUsers ? messageOf(thrown) : undefined,
    { cause: thrown },
  );
}

/** The status by which an engine ends a call with this error. */
export function statusOf(error: TaskError): Pick<StatusObject, 'code' | 'details' | 'metadata'> {
  const metadata = new Metadata();
  metadata.set(codeKey, error.code);
  metadata.set(retryableKey, String(error.retryable));
  return { code: statusOfCode[error.code], details: error.message, metadata };
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return (
    thrown instanceof Error && 'code' in thrown && 'metadata' in thrown && thrown.metadata instanceof Metadata
  );
}

function meaningOf(code: status): StatusMeaning {
  const name = status[code] as keyof typeof status | undefined;
  return name === undefined || name === 'OK' ? broken : meanings[name];
}

/** The engine's words without control characters; undefined (our own words) when it has none. */
function messageOf({ details }: ServiceError): string | undefined {
  const text = details.replace(/\p{Cc}+/gu, ' ').trim();
  return text === '' ? undefined : text.slice(0, messageLimit);
}
