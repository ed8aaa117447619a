import {
  TaskError,
  type InputRole,
  type MediaExpectation,
  type MediaFacts,
  type MediaIntake,
  type MediaSource,
  type ReceivedMedia,
} from '@polyreel/core';
import { createHash } from 'node:crypto';

interface Sniffed {
  readonly mediaType: string;
  readonly facts: MediaFacts;
}

/** Enough of the real table for tests; png and wav tell their true size and length, the rest stock facts. */
function sniff(content: Buffer): Sniffed | undefined {
  const ascii = (from: number, to: number): string => content.toString('latin1', from, to);
  if (ascii(1, 4) === 'PNG' && content.length >= 24) {
    return {
      mediaType: 'image/png',
      facts: { width: content.readUInt32BE(16), height: content.readUInt32BE(20) },
    };
  }
  if (ascii(0, 3) === '\xff\xd8\xff') return { mediaType: 'image/jpeg', facts: { width: 512, height: 512 } };
  if (ascii(0, 4) === 'GIF8') return { mediaType: 'image/gif', facts: { width: 512, height: 512 } };
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') {
    return { mediaType: 'image/webp', facts: { width: 512, height: 512 } };
  }
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WAVE' && content.length >= 44) {
    return {
      mediaType: 'audio/wav',
      facts: {
        durationSeconds: (content.length - 44) / content.readUInt32LE(28),
        audioCodec: 'pcm_s16le',
        sampleRate: content.readUInt32LE(24),
      },
    };
  }
  const sound: MediaFacts = { durationSeconds: 1, audioCodec: 'mp3', sampleRate: 44_100 };
  if (ascii(0, 3) === 'ID3' || ascii(0, 2) === '\xff\xfb') return { mediaType: 'audio/mpeg', facts: sound };
  if (ascii(4, 8) === 'ftyp') {
    return {
      mediaType: 'video/mp4',
      facts: { ...sound, audioCodec: 'aac', videoCodec: 'h264', width: 512, height: 512, fps: 25 },
    };
  }
  return undefined;
}

function decodeBase64(text: string): Buffer {
  const payload = text.replace(/^data:[^,]*,/, '').replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(payload)) throw new TaskError('INVALID_INPUT', 'This is not base64.');
  return Buffer.from(payload, 'base64');
}

async function collect(chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** `MediaIntake` without disk, network or ffprobe. URLs answer what `serve` gave them, others are unreachable. */
export class MemoryMediaIntake implements MediaIntake {
  /** Everything received so far, discarded or not, oldest first. */
  readonly received: ReceivedMedia[] = [];
  private readonly urls = new Map<string, Uint8Array>();
  private readonly facts = new Map<string, MediaFacts>();
  private readonly failures: unknown[] = [];
  private held = 0;

  /** @param options.maxBytes larger inputs are INPUT_TOO_LARGE; absent: no limit */
  constructor(private readonly options: { readonly maxBytes?: number } = {}) {}

  /** Received and not yet discarded: a leak when not 0 at the end of a test. */
  get undiscarded(): number {
    return this.held;
  }

  serve(url: string, content: Uint8Array): void {
    this.urls.set(url, content);
  }

  /** Overrides the probed facts of every file of this type, e.g. "video/mp4". */
  probeAs(mediaType: string, facts: MediaFacts): void {
    this.facts.set(mediaType, facts);
  }

  /** The next `receive` throws this; several calls queue up. */
  failNext(error: unknown): void {
    this.failures.push(error);
  }

  async receive(
    role: InputRole,
    expected: MediaExpectation,
    source: MediaSource,
    signal?: AbortSignal,
  ): Promise<ReceivedMedia> {
    signal?.throwIfAborted();
    if (this.failures.length > 0) throw this.failures.shift();
    const content = await this.contentOf(source, signal);
    if (content.length > (this.options.maxBytes ?? Infinity)) throw new TaskError('INPUT_TOO_LARGE');
    const sniffed = sniff(content);
    if (sniffed === undefined) throw new TaskError('UNSUPPORTED_MEDIA');
    const { mediaType } = sniffed;
    const facts = this.facts.get(mediaType) ?? sniffed.facts;
    this.refuseUnexpected(expected, mediaType, facts);
    this.held += 1;
    let discarded = false;
    const media: ReceivedMedia = {
      role,
      mediaType,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      ...('fileName' in source && source.fileName !== undefined ? { fileName: source.fileName } : {}),
      facts,
      async *open() {
        if (discarded) throw new Error('This input was discarded.');
        yield content;
      },
      discard: async () => {
        if (!discarded) this.held -= 1;
        discarded = true;
      },
    };
    this.received.push(media);
    return media;
  }

  checkUrl(url: string): void {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== '') {
      throw new TaskError('INVALID_INPUT', 'Only http and https URLs without credentials are fetched.');
    }
    if (this.urls.has(url)) return;
    if (/^(localhost|127\.|10\.|192\.168\.|169\.254\.|\[)/.test(parsed.hostname)) {
      throw new TaskError('INPUT_UNREACHABLE', 'The URL points into a private network.');
    }
  }

  private async contentOf(source: MediaSource, signal?: AbortSignal): Promise<Buffer> {
    if (source.type === 'stream') return await collect(source.content, signal);
    if (source.type === 'base64') return decodeBase64(source.text);
    this.checkUrl(source.url);
    const content = this.urls.get(source.url);
    if (content === undefined) throw new TaskError('INPUT_UNREACHABLE', 'The server answered 404.');
    return Buffer.from(content);
  }

  private refuseUnexpected(expected: MediaExpectation, mediaType: string, facts: MediaFacts): void {
    const kind = mediaType.split('/', 1)[0];
    if (expected === 'audio') {
      if (facts.audioCodec === undefined) throw new TaskError('UNSUPPORTED_MEDIA', 'The file has no sound.');
      if ((facts.durationSeconds ?? 0) < 0.1) throw new TaskError('AUDIO_TOO_SHORT');
      return;
    }
    const accepted = expected === 'reference' ? ['image', 'video'] : [expected];
    if (kind === undefined || !accepted.includes(kind)) {
      throw new TaskError(
        'UNSUPPORTED_MEDIA',
        `The file is not ${expected === 'image' ? 'an' : 'a'} ${expected}.`,
      );
    }
  }
}
