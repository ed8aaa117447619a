import { checkParameterRanges } from '../model/engine-parameters.js';
import type { GenerationParameters } from '../model/generation-parameters.js';
import { TaskError } from '../model/task-error.js';
import type { TaskKind } from '../model/task-kind.js';
import type { EngineRegistry, RegisteredEngine } from '../ports/engine-registry.js';
import type { EngineKind, EngineState } from '../ports/engine.js';

/** Seconds an engine may be silent and still tell what its models take. */
const KNOWN_SECONDS = 24 * 3600;

/** Seconds an engine may be silent and still count as one that takes jobs. */
const LIVE_SECONDS = 30;

/** States in which an engine runs jobs, or will in a moment. */
const workingStates: readonly EngineState[] = ['loading', 'ready', 'busy'];

/** Milliseconds the list is reused, so that creating tasks does not read it every time. */
const CACHE_MILLISECONDS = 2_000;

/** What can run the tasks of a kind and model. */
export interface Capacity {
  /** The kind as an engine describes it. Undefined: none has. */
  readonly described: EngineKind | undefined;
  /** Tasks that can run at the same time now; 0: no engine is there. */
  readonly slots: number;
  /** Kinds and models that wait for the same slots, this one included. */
  readonly routes: readonly { readonly kind: TaskKind; readonly model: string }[];
}

interface CachedEngines {
  readonly until: number;
  readonly engines: Promise<readonly RegisteredEngine[]>;
}

/** What can be made here, by what the engines said last. */
export class ModelCatalog {
  private readonly cached = new Map<number, CachedEngines>();

  constructor(private readonly registry: EngineRegistry) {}

  engines(): Promise<readonly RegisteredEngine[]> {
    return this.seenWithin(KNOWN_SECONDS);
  }

  async capacityFor(kind: TaskKind, model: string): Promise<Capacity> {
    const [known, live] = await Promise.all([this.engines(), this.seenWithin(LIVE_SECONDS)]);
    const able = known.filter((engine) => kindOf(engine, kind, model));
    const families = new Set(able.map(({ engine }) => engine));
    const working = live.filter(
      (engine) => workingStates.includes(engine.state) && kindOf(engine, kind, model),
    );
    const routes = known
      .filter(({ engine }) => families.has(engine))
      .flatMap(({ models }) =>
        models.flatMap(({ name, kinds }) =>
          kinds.map((described) => ({ kind: described.kind, model: name })),
        ),
      );
    return {
      described: able[0] && kindOf(able[0], kind, model),
      slots: working.reduce((slots, engine) => slots + Math.max(1, engine.slots), 0),
      routes: routes.length > 0 ? routes : [{ kind, model }],
    };
  }

  /**
   * Refuses parameters the model cannot take, before anything is queued. A model no engine has
   * described yet is let through: its tasks wait until such an engine appears.
   * @throws TaskError INVALID_INPUT
   */
  async check(kind: TaskKind, model: string, parameters: GenerationParameters): Promise<void> {
    const models = (await this.engines()).flatMap((engine) =>
      engine.models.filter(({ name }) => name === model),
    );
    if (models.length === 0) return;
    const kinds = models.flatMap((described) =>
      described.kinds.filter((candidate) => candidate.kind === kind),
    );
    if (kinds.length === 0)
      throw new TaskError('INVALID_INPUT', `The model ${model} cannot make ${kind} videos.`);
    checkParameterRanges(kinds[0]!, parameters);
  }

  private seenWithin(seconds: number): Promise<readonly RegisteredEngine[]> {
    const now = Date.now();
    const known = this.cached.get(seconds);
    if (known && known.until >= now) return known.engines;
    const engines = this.registry.live(seconds);
    this.cached.set(seconds, { until: now + CACHE_MILLISECONDS, engines });
    engines.catch(() => this.cached.delete(seconds));
    return engines;
  }
}

function kindOf(engine: RegisteredEngine, kind: TaskKind, model: string): EngineKind | undefined {
  return engine.models.find(({ name }) => name === model)?.kinds.find((described) => described.kind === kind);
}
