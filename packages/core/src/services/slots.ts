/** Counts the free slots of an engine; waiters are served in order. */
export class Slots {
  private free: number;
  private readonly waiters: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  hasFree(): boolean {
    return this.free > 0;
  }

  /** Resolves with a function that gives the slot back; calling it again does nothing. */
  async acquire(): Promise<() => void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiters.push(resolve));
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.waiters.shift();
      if (next) next();
      else this.free += 1;
    };
  }
}
