import type { GenerationParameters } from '../model/generation-parameters.js';
import type { TaskKind } from '../model/task-kind.js';

/** A name in the paths of dialects that have endpoints, and what it runs. */
export interface Endpoint {
  /** 1 to 64 letters, digits, `-` and `_`. */
  readonly name: string;
  readonly kind: TaskKind;
  readonly model: string;
  /** Used where a request says nothing. */
  readonly defaults: GenerationParameters;
}

/** Endpoints the operator has named. They are few: all of them are read at once. */
export interface Endpoints {
  /** In the order of their names. */
  all(): Promise<readonly Endpoint[]>;
  /** Adds the endpoint, or replaces the one of the same name; tasks already made stay as they are. */
  put(endpoint: Endpoint): Promise<void>;
  /** Removes the endpoint. False when there is none of this name. */
  remove(name: string): Promise<boolean>;
}
