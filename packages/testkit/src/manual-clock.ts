/** A clock that stands still until it is moved. */
export class ManualClock {
  #milliseconds: number;

  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#milliseconds = start.getTime();
  }

  /** Bound, so that it can be handed over as a function. */
  readonly now = (): Date => new Date(this.#milliseconds);

  advance(seconds: number): void {
    this.#milliseconds += seconds * 1000;
  }
}
