import type { Endpoint, Endpoints } from '@polyreel/core';

/** Remembers endpoints as long as the process lives. */
export class MemoryEndpoints implements Endpoints {
  readonly #endpoints = new Map<string, Endpoint>();

  async all(): Promise<readonly Endpoint[]> {
    return [...this.#endpoints.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((endpoint) => structuredClone(endpoint));
  }

  async put(endpoint: Endpoint): Promise<void> {
    this.#endpoints.set(endpoint.name, structuredClone(endpoint));
  }

  async remove(name: string): Promise<boolean> {
    return this.#endpoints.delete(name);
  }
}
