import type { JsonObject } from '../model/json.js';
import type { TaskKind } from '../model/task-kind.js';
import type { InputRole } from '../model/asset.js';

export type EngineState = 'loading' | 'ready' | 'busy' | 'draining' | 'failed';

export interface ParameterDescription {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean';
  readonly minimum?: number;
  readonly maximum?: number;
  /** Absent: derived from the inputs. */
  readonly defaultValue?: string | number | boolean;
  readonly choices: readonly string[];
  readonly description: string;
}

export interface EngineKind {
  readonly kind: TaskKind;
  readonly inputs: readonly { readonly role: string; readonly group: string; readonly required: boolean }[];
  readonly parameters: readonly ParameterDescription[];
}

export interface EngineDescription {
  /** Engine family; one delivery queue each. */
  readonly engine: string;
  readonly version: string;
  readonly models: readonly { readonly name: string; readonly kinds: readonly EngineKind[] }[];
  readonly device: string;
  readonly slots: number;
  readonly state: EngineState;
  readonly message: string;
}

export interface EngineInput {
  readonly role: InputRole;
  readonly mediaType: string;
  readonly bytes: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface EngineJob {
  readonly taskId: string;
  readonly attempt: number;
  readonly kind: TaskKind;
  readonly model: string;
  readonly parameters: JsonObject;
  readonly inputs: readonly EngineInput[];
}

export type EngineEvent =
  | { readonly type: 'accepted'; readonly effectiveParameters: JsonObject }
  | {
      readonly type: 'progress';
      readonly stage: 'loading' | 'generating' | 'encoding';
      readonly fraction: number;
      readonly step: number;
      readonly steps: number;
      readonly chunk: number;
      readonly chunks: number;
      readonly message: string;
      readonly remainingSeconds?: number;
    }
  | { readonly type: 'preview'; readonly mediaType: string; readonly data: Uint8Array }
  | { readonly type: 'output-start'; readonly role: 'result' | 'mask' | 'poster'; readonly mediaType: string }
  | { readonly type: 'output-chunk'; readonly data: Uint8Array }
  | { readonly type: 'completed'; readonly message: string; readonly engineSeconds: number };

/** An inference engine: a pure function over bytes. */
export interface Engine {
  /** Address for people and logs. */
  readonly address: string;
  /** @throws TaskError ENGINE_UNAVAILABLE when it does not answer */
  describe(): Promise<EngineDescription>;
  /**
   * Runs one job. Events end with `completed`. Breaking off the iteration or aborting the signal cancels the job.
   * @throws TaskError with the engine's code; the signal's reason when that is a TaskError, CANCELLED otherwise; ENGINE_LOST when the connection breaks; ENGINE_UNAVAILABLE when it takes no jobs
   */
  generate(job: EngineJob, signal: AbortSignal): AsyncIterable<EngineEvent>;
  close(): void;
}
