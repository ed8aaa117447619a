import type { TaskErrorCode } from '@polyreel/core';

/** One thing wrong with a request, in neutral words; dialects turn it into their own shape. */
export interface InputProblem {
  /** Where it was found. */
  readonly location: 'body' | 'query' | 'path' | 'header';
  /** Names and indexes from the outside in, such as ["talk_objects", 0, "audio"]. */
  readonly path: readonly (string | number)[];
  /** What is wrong, as a closed word. */
  readonly rule: ProblemRule;
  /** English sentence that tells what to do. */
  readonly message: string;
  /** The value as received; undefined when it is missing. */
  readonly value?: unknown;
  /** Numbers or words of the rule, such as { limit: 64 }. */
  readonly context?: Readonly<Record<string, unknown>>;
}

export const problemRules = [
  'missing',
  'unknown-field',
  'string',
  'integer',
  'number',
  'boolean',
  'list',
  'object',
  'file',
  'choice',
  'too-small',
  'too-large',
  'too-short',
  'too-long',
  'conflict',
] as const;
export type ProblemRule = (typeof problemRules)[number];

/** Every way a request can fail. Closed: each dialect answers all of them. */
export const apiErrorCodes = [
  /** Fields are wrong; see `problems`. */
  'invalid-fields',
  /** The body is not JSON, not multipart, or broken. */
  'unreadable-body',
  'unsupported-content-type',
  'body-too-large',
  /** A file or URL was refused; see `taskError`. */
  'rejected-input',
  'unauthorized',
  'route-not-found',
  'method-not-allowed',
  'unknown-task',
  /** The task exists but has no result yet, or never will have. */
  'result-not-ready',
  /** The task's state does not allow the request. */
  'wrong-state',
  'duplicate-task',
  /** The idempotency key stands for another request. */
  'idempotency-key-reused',
  'queue-full',
  /** A Range header nobody can satisfy. */
  'range-not-satisfiable',
  /** Database, Redis or object store are away for the moment. */
  'unavailable',
  'internal',
] as const;
export type ApiErrorCode = (typeof apiErrorCodes)[number];

export interface ApiErrorDetails {
  readonly problems?: readonly InputProblem[];
  readonly taskError?: TaskErrorCode;
  /** The id the request asked for. */
  readonly publicId?: string;
  /** Number that belongs to the code: queue limit, bytes allowed, size of the object, position of the JSON error. */
  readonly limit?: number;
  /** Methods the path answers to. */
  readonly allow?: readonly string[];
  /** Seconds after which another try makes sense. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A failure of a request, before any dialect has put it into its own words. */
export class ApiError extends Error {
  readonly details: ApiErrorDetails;

  constructor(
    readonly code: ApiErrorCode,
    message: string,
    details: ApiErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.name = 'ApiError';
    this.details = details;
  }
}

/** What a dialect answers. */
export interface ErrorReply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a dialect may look at while it words an error. */
export interface ErrorContext {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type DialectErrors = (error: ApiError, context: ErrorContext) => ErrorReply;
