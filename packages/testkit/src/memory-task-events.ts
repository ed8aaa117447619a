import type { TaskEvents, TaskNews } from '@polyreel/core';

type Listener = (news: TaskNews) => void;

/** TaskEvents within one process. Listeners are called before `publish` resolves. */
export class MemoryTaskEvents implements TaskEvents {
  readonly #listeners = new Map<string, Set<Listener>>();
  /** Everything published, oldest first. */
  readonly published: TaskNews[] = [];
  /** What listeners threw; a bad listener never harms the publisher or the others. */
  readonly errors: unknown[] = [];

  async publish(news: TaskNews): Promise<void> {
    this.published.push(news);
    for (const listener of [...(this.#listeners.get(news.taskId) ?? [])]) {
      try {
        listener(news);
      } catch (error) {
        this.errors.push(error);
      }
    }
  }

  async subscribe(taskId: string, listener: Listener): Promise<() => void> {
    // A wrapper of its own, so that the same function may listen twice.
    const entry: Listener = (news) => listener(news);
    const listeners = this.#listeners.get(taskId) ?? new Set();
    this.#listeners.set(taskId, listeners.add(entry));
    return () => {
      listeners.delete(entry);
      if (listeners.size === 0 && this.#listeners.get(taskId) === listeners) this.#listeners.delete(taskId);
    };
  }

  /** Tasks somebody listens to. */
  get listenedTasks(): readonly string[] {
    return [...this.#listeners.keys()];
  }
}
