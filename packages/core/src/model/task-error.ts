/**
 * Why a task failed. Closed: a new code does not compile until every dialect
 * and the gRPC edge have answered it. `retryable` says whether another attempt
 * of the same task can help; `text` is the default message for the user.
 */
export const taskErrors = {
  INVALID_INPUT: { retryable: false, text: 'An input or parameter cannot be used.' },
  UNSUPPORTED_MEDIA: {
    retryable: false,
    text: 'The file is not an image, video or sound this server can read.',
  },
  INPUT_UNREACHABLE: { retryable: false, text: 'An input could not be fetched from its URL.' },
  INPUT_TOO_LARGE: { retryable: false, text: 'An input is larger than this server allows.' },
  FACE_NOT_DETECTED: { retryable: false, text: 'No face was found in the reference.' },
  AUDIO_TOO_SHORT: { retryable: false, text: 'The audio is too short; at least 0.1 seconds are needed.' },
  OUT_OF_MEMORY: {
    retryable: false,
    text: 'The job does not fit into the memory of the device; use a smaller size or fewer frames.',
  },
  ENGINE_UNAVAILABLE: { retryable: true, text: 'The engine does not take jobs at present.' },
  ENGINE_LOST: { retryable: true, text: 'The engine or worker stopped in the middle of the job.' },
  UPLOAD_FAILED: { retryable: true, text: 'The result could not be stored.' },
  EXECUTION_TIMEOUT: { retryable: false, text: 'The job ran longer than its execution timeout.' },
  EXPIRED: { retryable: false, text: 'The job waited in the queue longer than its time to live.' },
  CANCELLED: { retryable: false, text: 'The job was cancelled.' },
  INTERNAL: { retryable: true, text: 'The job failed because of an internal error.' },
} as const satisfies Record<string, { retryable: boolean; text: string }>;

export type TaskErrorCode = keyof typeof taskErrors;

export function isTaskErrorCode(text: string): text is TaskErrorCode {
  return Object.hasOwn(taskErrors, text);
}

/** A failure with a code of the closed table. `message` is shown to users: no paths, keys or stack traces. */
export class TaskError extends Error {
  readonly retryable: boolean;

  constructor(
    readonly code: TaskErrorCode,
    message: string = taskErrors[code].text,
    options: { retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'TaskError';
    this.retryable = options.retryable ?? taskErrors[code].retryable;
  }

  /** Anything thrown, as a TaskError; what is not one becomes INTERNAL without its text. */
  static from(thrown: unknown): TaskError {
    return thrown instanceof TaskError ? thrown : new TaskError('INTERNAL', undefined, { cause: thrown });
  }
}
