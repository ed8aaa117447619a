const barWidth = 30;

/** Writes lines, and in a terminal keeps one moving line below them; elsewhere progress becomes plain lines. */
export class Terminal {
  private moving = '';
  private lastPlain = '';

  constructor(private readonly output: NodeJS.WriteStream = process.stdout) {}

  line(text = ''): void {
    this.erase();
    this.output.write(`${text}\n`);
    this.output.write(this.moving);
  }

  good(text: string): void {
    this.line(` ${this.paint(32, '✔')} ${text}`);
  }

  bad(text: string): void {
    this.line(` ${this.paint(31, '✖')} ${text}`);
  }

  faint(text: string): string {
    return this.paint(2, text);
  }

  /** @param fraction 0..1 */
  progress(fraction: number, label: string): void {
    if (this.output.isTTY) {
      const filled = Math.round(fraction * barWidth);
      const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
      this.erase();
      this.moving = `   ${bar} ${percent(fraction)} ${label}`.slice(0, this.output.columns - 1);
      this.output.write(this.moving);
      return;
    }
    const plain = `   ${percent(Math.floor(fraction * 10) / 10)} ${label.replace(/\d+/g, '')}`;
    if (plain !== this.lastPlain) this.output.write(`   ${percent(fraction)} ${label}\n`);
    this.lastPlain = plain;
  }

  progressEnd(): void {
    this.erase();
    this.moving = '';
  }

  private erase(): void {
    if (this.moving !== '') this.output.write('\r\u001b[2K');
  }

  private paint(code: number, text: string): string {
    return this.output.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

const percent = (fraction: number) => `${Math.round(fraction * 100)} %`.padStart(5);
