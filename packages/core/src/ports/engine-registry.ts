import type { EngineDescription } from './engine.js';

/** A live engine as the dispatcher and the admin see it. */
export interface RegisteredEngine extends EngineDescription {
  readonly address: string;
  readonly lastSeenAt: Date;
}

/** Who can run what, shared between workers and API through the database. */
export interface EngineRegistry {
  /** Writes what a worker has just learnt about an engine. */
  report(address: string, description: EngineDescription): Promise<void>;
  /** Engines seen within the last `withinSeconds`, by the database's clock. */
  live(withinSeconds: number): Promise<readonly RegisteredEngine[]>;
}
