import type { Asset, GenerationParameters, JsonObject, Task, TaskErrorCode } from '@polyreel/core';
import { Prisma } from './generated/client.js';

/** A task as the statements of this package return it: the columns of `taskColumns`. */
export interface TaskRow {
  readonly id: string;
  readonly public_id: string;
  readonly tenant: string;
  readonly dialect: string;
  readonly endpoint: string;
  readonly kind: string;
  readonly model: string;
  readonly parameters: GenerationParameters;
  readonly request: JsonObject;
  readonly extras: JsonObject;
  readonly sealed_secrets: string | null;
  readonly state: string;
  readonly stage: string | null;
  readonly progress: number;
  readonly step: number;
  readonly steps: number;
  readonly chunk: number;
  readonly chunks: number;
  readonly expected_end_at: Date | null;
  readonly message: string;
  readonly error_code: string | null;
  readonly error_text: string | null;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly priority: number;
  readonly cancel_requested_at: Date | null;
  readonly not_before: Date | null;
  readonly deadline: Date | null;
  readonly execution_timeout_seconds: number | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

/** Columns of a row named `t`. */
export const taskColumns = Prisma.sql`
  t.id, t.public_id, t.tenant, t.dialect, t.endpoint, t.kind, t.model, t.parameters, t.request, t.extras, t.sealed_secrets,
  t.state, t.stage, t.progress, t.step, t.steps, t.chunk, t.chunks, t.expected_end_at, t.message, t.error_code, t.error_text,
  t.attempt, t.max_attempts, t.priority, t.cancel_requested_at, t.not_before, t.deadline,
  t.execution_timeout_seconds, t.created_at, t.started_at, t.finished_at`;

/** The assets of `t` in the order they were named, as one column beside the others. */
export const assetColumn = Prisma.sql`
  (SELECT coalesce(json_agg(json_build_object(
     'role', a.role, 'objectKey', a.object_key, 'sourceUrl', a.source_url, 'fileName', a.file_name,
     'mediaType', a.media_type, 'bytes', a.bytes, 'sha256', a.sha256, 'facts', a.facts) ORDER BY a.id), '[]')
   FROM asset a WHERE a.task_id = t.id) AS assets`;

/** Asset of `assetColumn`: null where a task's asset has nothing. */
type AssetJson = { readonly [Key in keyof Asset]-?: Asset[Key] | null };

export type TaskRowWithAssets = TaskRow & { readonly assets: readonly AssetJson[] };

export function taskOf(row: TaskRowWithAssets): Task {
  return taskWith(
    row,
    // The columns are named as the fields of an asset; only what is null has to go.
    row.assets.map((asset) => withoutNulls(asset) as unknown as Asset),
  );
}

/** For statements that write assets and therefore cannot read them yet. */
export function taskWith(row: TaskRow, assets: readonly Asset[]): Task {
  return {
    id: row.id,
    publicId: row.public_id,
    tenant: row.tenant,
    // The words below are checked by the table or were written by this package.
    dialect: row.dialect as Task['dialect'],
    endpoint: row.endpoint,
    kind: row.kind as Task['kind'],
    model: row.model,
    parameters: row.parameters,
    request: row.request,
    extras: row.extras,
    state: row.state as Task['state'],
    progress: row.progress,
    step: row.step,
    steps: row.steps,
    chunk: row.chunk,
    chunks: row.chunks,
    message: row.message,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    priority: row.priority,
    createdAt: row.created_at,
    assets,
    ...withoutNulls({
      sealedSecrets: row.sealed_secrets,
      stage: row.stage as Task['stage'] | null,
      error: row.error_code && { code: row.error_code as TaskErrorCode, text: row.error_text ?? '' },
      expectedEndAt: row.expected_end_at,
      cancelRequestedAt: row.cancel_requested_at,
      notBefore: row.not_before,
      deadline: row.deadline,
      executionTimeoutSeconds: row.execution_timeout_seconds,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
    }),
  };
}

function withoutNulls<T extends object>(value: T): { [Key in keyof T]?: Exclude<T[Key], null | ''> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null)) as {
    [Key in keyof T]?: Exclude<T[Key], null | ''>;
  };
}
