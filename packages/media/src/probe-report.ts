import { TaskError } from '@polyreel/core';

/** What the packets of one track tell. */
export interface TrackSpan {
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  /** Packets with a time; for video the number of frames. */
  readonly packets: number;
}

export type ProbeFields = ReadonlyMap<string, string>;

/** An hour at 240 frames per second has a million packets. */
const moreThanAnyRealFile = 5_000_000;
/**
 * The same for one track: so many packets, and so many for each second it plays. A WAV of 192 kHz and eight channels has
 * 1,500 a second, video 240; samples that take no time would cost half a minute to walk over.
 */
const packetsOfAnyTrack = 10_000;
const packetsASecond = 4_000;
/** Longest line kept; ours are some hundred characters. */
const longestLine = 8_192;

/**
 * Reads what ffprobe prints with `-of compact`, line by line as it comes, so that the packets of a long video
 * need no memory and a file beyond a limit is left at once.
 */
export class ProbeReport {
  readonly streams: ProbeFields[] = [];
  readonly frames: ProbeFields[] = [];
  /** By stream index; tracks whose packets carry no time are missing. */
  readonly spans = new Map<number, TrackSpan>();
  format: ProbeFields = new Map();
  /** A packet was marked as damaged or incomplete. */
  corrupt = false;
  private packets = 0;
  private rest = '';

  /**
   * @param onSpan told each time a track turns out to be longer; may throw to stop
   * @param mostPackets of the file that are looked at
   */
  constructor(
    private readonly onSpan: (span: TrackSpan) => void = () => undefined,
    private readonly mostPackets = moreThanAnyRealFile,
  ) {}

  add(chunk: Buffer): void {
    const lines = (this.rest + chunk.toString('latin1')).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > longestLine) throw new Error('ffprobe printed an endless line.');
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    const [section, ...parts] = line.split('|');
    const fields = new Map<string, string>();
    for (const part of parts) {
      const equals = part.indexOf('=');
      if (equals > 0) fields.set(part.slice(0, equals), part.slice(equals + 1));
    }
    if (section === 'packet') this.packet(fields);
    else if (section === 'stream') this.streams.push(fields);
    else if (section === 'frame') this.frames.push(fields);
    else if (section === 'format') this.format = fields;
  }

  private packet(fields: ProbeFields): void {
    if (++this.packets > this.mostPackets) throw tooManyPackets();
    if (fields.get('flags')?.includes('C') === true) this.corrupt = true;
    const start = numberOf(fields, 'pts_time');
    const index = numberOf(fields, 'stream_index');
    if (start === undefined || index === undefined) return;
    const end = start + (numberOf(fields, 'duration_time') ?? 0);
    const known = this.spans.get(index);
    const span = {
      start: Math.min(start, known?.start ?? start),
      end: Math.max(end, known?.end ?? end),
      packets: (known?.packets ?? 0) + 1,
    };
    if (span.packets > packetsOfAnyTrack + packetsASecond * (span.end - span.start)) throw tooManyPackets();
    this.spans.set(index, span);
    this.onSpan(span);
  }
}

const tooManyPackets = (): TaskError =>
  new TaskError('UNSUPPORTED_MEDIA', 'The file has more packets than any real one.');

/** Undefined: not given, "N/A" or not a number. */
export function numberOf(fields: ProbeFields, key: string): number | undefined {
  const text = fields.get(key);
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
