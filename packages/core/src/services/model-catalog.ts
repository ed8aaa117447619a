import { checkParameterRanges } from '../model/engine-parameters.js';
import type { GenerationParameters } from '../model/generation-parameters.js';
import { TaskError } from '../model/task-error.js';
import type { TaskKind } from '../model/task-kind.js';
import type { EngineRegistry, RegisteredEngine } from '../ports/engine-registry.js';

/** Seconds an engine may be silent and still tell what its models take. */
const KNOWN_SECONDS = 24 * 3600;

/** Milliseconds the list is reused, so that creating tasks does not read it every time. */
const CACHE_MILLISECONDS = 2_000;

/** What can be made here, by what the engines said last. */
export class ModelCatalog {
  private cached:
    { readonly until: number; readonly engines: Promise<readonly RegisteredEngine[]> } | undefined;

  constructor(private readonly registry: EngineRegistry) {}

  engines(): Promise<readonly RegisteredEngine[]> {
    const now = Date.now();
    if (!this.cached || this.cached.until < now) {
      const engines = this.registry.live(KNOWN_SECONDS);
      this.cached = { until: now + CACHE_MILLISECONDS, engines };
      engines.catch(() => (this.cached = undefined));
    }
    return this.cached.engines;
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
}
