import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

const defaultCap = 10 * 1024 * 1024;

/** Output of one child on disk; when the cap is reached the file moves to `<path>.1`, replacing the older one. */
export class LogFile {
  private descriptor: number;
  private bytes: number;
  private closed = false;

  constructor(
    readonly path: string,
    private readonly capBytes = defaultCap,
  ) {
    this.descriptor = openSync(path, 'a', 0o600);
    this.bytes = fstatSync(this.descriptor).size;
  }

  /** Output that arrives after `close` is dropped: pipes may still drain when their process is gone. */
  write(chunk: Buffer): void {
    if (this.closed) return;
    if (this.bytes > 0 && this.bytes + chunk.length > this.capBytes) this.rotate();
    writeSync(this.descriptor, chunk);
    this.bytes += chunk.length;
  }

  /** The last lines written, for a message about a child that failed. */
  tail(lines: number): string {
    const text = readFileSync(this.path, 'utf8').trimEnd();
    return text.split('\n').slice(-lines).join('\n');
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.descriptor);
  }

  private rotate(): void {
    closeSync(this.descriptor);
    renameSync(this.path, `${this.path}.1`);
    this.descriptor = openSync(this.path, 'a', 0o600);
    this.bytes = 0;
  }
}
