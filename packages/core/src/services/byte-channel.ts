/** Hands chunks from one producer to one consumer, one at a time: the producer waits until each is taken. */
export class ByteChannel implements AsyncIterable<Uint8Array> {
  private pending: { chunk: Uint8Array; taken: () => void } | undefined;
  private wake: (() => void) | undefined;
  private ended = false;
  private failure: unknown;
  private abandoned = false;

  /** Resolves when the consumer took the chunk, or at once when it has gone away. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.abandoned) return;
    await new Promise<void>((taken) => {
      this.pending = { chunk, taken };
      this.wake?.();
    });
  }

  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** The consumer's iteration throws `error`. */
  fail(error: unknown): void {
    this.failure = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.failure !== undefined) throw this.failure;
        if (this.pending) {
          const { chunk, taken } = this.pending;
          this.pending = undefined;
          // Released before the consumer works on the chunk: one is on its way while the next is made.
          taken();
          yield chunk;
        } else if (this.ended) return;
        else await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      this.abandon();
    }
  }

  /** Releases a waiting producer; everything pushed from now on is dropped. */
  abandon(): void {
    this.abandoned = true;
    this.pending?.taken();
  }
}
