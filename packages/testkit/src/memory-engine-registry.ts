import type { EngineDescription, EngineRegistry, RegisteredEngine } from '@polyreel/core';

/** Remembers engines as long as the process lives. */
export class MemoryEngineRegistry implements EngineRegistry {
  readonly #engines = new Map<string, RegisteredEngine>();

  /** @param now the registry's clock; give a ManualClock's to let engines grow old at will */
  constructor(private readonly now: () => Date = () => new Date()) {}

  async report(address: string, description: EngineDescription): Promise<void> {
    this.#engines.set(address, { ...structuredClone(description), address, lastSeenAt: this.now() });
  }

  async live(withinSeconds: number): Promise<readonly RegisteredEngine[]> {
    const oldest = this.now().getTime() - withinSeconds * 1000;
    return [...this.#engines.values()]
      .filter(({ lastSeenAt }) => lastSeenAt.getTime() > oldest)
      .sort((a, b) => (a.address < b.address ? -1 : 1));
  }
}
