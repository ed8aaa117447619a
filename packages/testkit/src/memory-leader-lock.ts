import type { LeaderLock } from '@polyreel/core';

/** Elects one among all that share this object. */
export class MemoryLeaderLock implements LeaderLock {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #deposals = new Map<string, AbortController>();

  async whileLeader(
    name: string,
    lead: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      const previous = this.#tails.get(name) ?? Promise.resolve();
      let leading = false;
      const turn = previous.then(async () => {
        if (signal.aborted) return;
        leading = true;
        const deposal = new AbortController();
        this.#deposals.set(name, deposal);
        await lead(AbortSignal.any([signal, deposal.signal]));
      });
      this.#tails.set(
        name,
        turn.catch(() => undefined),
      );
      await Promise.race([previous, aborted(signal)]);
      if (leading) await turn;
    }
  }

  /** Takes the lock from its holder, as a broken connection would. */
  depose(name: string): void {
    this.#deposals.get(name)?.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
