import type { Asset, AssetRole } from './asset.js';
import type { DialectName } from './dialect.js';
import type { GenerationParameters } from './generation-parameters.js';
import type { JsonObject } from './json.js';
import type { TaskErrorCode } from './task-error.js';
import type { TaskKind } from './task-kind.js';
import type { TaskStage } from './task-stage.js';
import type { TaskState } from './task-state.js';

/** One job, from its creation to its end. All instants are the database's clock. */
export interface Task {
  /** UUIDv7. Internal: object keys and job ids are built from it. */
  readonly id: string;
  /** What the dialect shows; unique per tenant. */
  readonly publicId: string;
  readonly tenant: string;
  readonly dialect: DialectName;
  /** Endpoint name of dialects that have one (RunPod); empty otherwise. */
  readonly endpoint: string;
  readonly kind: TaskKind;
  readonly model: string;
  readonly parameters: GenerationParameters;
  /** The request as received, media and secrets removed. */
  readonly request: JsonObject;
  /** What the dialect remembers about this task (status vocabulary, output options...). */
  readonly extras: JsonObject;
  /** Secrets the client gave for this task, made unreadable by a SecretBox. Gone when they are no longer needed. */
  readonly sealedSecrets?: string;
  readonly state: TaskState;
  /** Set while running. */
  readonly stage?: TaskStage;
  /** 0 to 1; never falls; below 1 until the task succeeded. */
  readonly progress: number;
  readonly step: number;
  readonly steps: number;
  readonly chunk: number;
  readonly chunks: number;
  /** When the engine expects to have ended. Set while running, once the engine can tell. */
  readonly expectedEndAt?: Date;
  /** Text for people: a warning or what is happening. May be empty. */
  readonly message: string;
  readonly error?: { readonly code: TaskErrorCode; readonly text: string };
  /** Number of claims so far; the fencing token of the present one. 0 before the first. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Higher runs first. 0 is normal. */
  readonly priority: number;
  readonly cancelRequestedAt?: Date;
  /** Not delivered before this instant. */
  readonly notBefore?: Date;
  /** The task expires at this instant when it has not ended. */
  readonly deadline?: Date;
  /** Seconds of running allowed. Absent: no limit. */
  readonly executionTimeoutSeconds?: number;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  readonly assets: readonly Asset[];
}

/** The client asked for the operator's clip behind the result; dialects that can be asked set it. */
export function wantsLogo(task: Pick<Task, 'extras'>): boolean {
  return task.extras.append_logo === true;
}

export function assetOf(task: Pick<Task, 'assets'>, role: AssetRole): Asset | undefined {
  return task.assets.find((asset) => asset.role === role);
}
