import {
  TaskError,
  type InputRole,
  type MediaExpectation,
  type MediaFacts,
  type MediaIntake,
  type MediaSource,
  type ReceivedMedia,
} from '@polyreel/core';
import { open } from 'node:fs/promises';
import { decodeBase64, readDataHeader } from './base64-content.js';
import { displayName } from './display-name.js';
import {
  judgePicture,
  judgeRecording,
  lengthLimit,
  refuseManyPixels,
  refuseWrongKind,
} from './judge-media.js';
import type { MediaFormat } from './media-format.js';
import type { MediaLimits } from './media-limits.js';
import { MediaProbe } from './media-probe.js';
import type { MediaTools } from './media-tools.js';
import { hasExternalReferences } from './mp4-references.js';
import type { ResolveHost } from './pinned-lookup.js';
import { decodeBeginning, walkPackets, type ProbeInput } from './probe-arguments.js';
import { sniff } from './sniff.js';
import { Spool, type SpooledFile } from './spool.js';
import { UrlFetcher } from './url-fetcher.js';
import { UrlRules } from './url-rules.js';
import { wavIsCutShort } from './wav-length.js';

/** Pictures decoded of a GIF, packets decoded at the beginning of a recording. */
const gifFrames = 100;
const firstPackets = 12;

export interface GuardedMediaIntakeOptions {
  /** Folder for temporary files; made when missing, must belong to the user that runs the server. */
  readonly spoolDir: string;
  readonly limits: MediaLimits;
  /** `host` or `host:port` that may be fetched although private. */
  readonly allowHosts: readonly string[];
  /** Absolute paths of programs to use instead of the packaged ones. */
  readonly tools?: Partial<MediaTools>;
  /** Absent: the name servers, and the system's lookup for excepted hosts. */
  readonly resolve?: ResolveHost;
}

interface OpenedSource {
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly fileName: string | undefined;
  readonly maxBytes: number;
}

/** `MediaIntake` on a spool folder, undici and ffprobe. */
export class GuardedMediaIntake implements MediaIntake {
  private readonly limits: MediaLimits;
  private readonly spool: Spool;
  private readonly probe: MediaProbe;
  private readonly rules: UrlRules;
  private readonly fetcher: UrlFetcher;

  constructor(options: GuardedMediaIntakeOptions) {
    this.limits = options.limits;
    this.spool = new Spool(options.spoolDir);
    this.probe = new MediaProbe(options.tools);
    this.rules = new UrlRules(options.allowHosts);
    this.fetcher = new UrlFetcher({
      rules: this.rules,
      maxBytes: this.fetchBytes,
      timeoutSeconds: options.limits.fetchTimeoutSeconds,
      redirects: options.limits.redirects ?? 5,
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    });
  }

  /** Removes temporary files older than a day; for the start of a process. @throws Error when the folder is not ours */
  async cleanSpool(): Promise<void> {
    await this.spool.clean();
  }

  checkUrl(url: string): void {
    this.rules.check(url);
  }

  async receive(
    role: InputRole,
    expected: MediaExpectation,
    source: MediaSource,
    signal?: AbortSignal,
  ): Promise<ReceivedMedia> {
    signal?.throwIfAborted();
    const { content, fileName, maxBytes } = await this.open(source, signal);
    let format: MediaFormat | undefined;
    const file = await this.spool.write(content, {
      maxBytes,
      ...(signal === undefined ? {} : { signal }),
      onHead: (head) => refuseWrongKind(expected, (format = sniff(head))),
    });
    try {
      if (format === undefined) throw new TaskError('INTERNAL');
      const verdict = await this.judge(expected, format, file, signal);
      refuseManyPixels(verdict.facts, this.limits.pixels);
      return {
        role,
        ...verdict,
        bytes: file.bytes,
        sha256: file.sha256,
        ...(fileName === undefined ? {} : { fileName }),
        open: () => file.read(),
        discard: () => file.remove(),
      };
    } catch (error) {
      await file.remove();
      throw error;
    }
  }

  private get fetchBytes(): number {
    return this.limits.fetchBytes ?? this.limits.bytes;
  }

  private async open(source: MediaSource, signal: AbortSignal | undefined): Promise<OpenedSource> {
    const maxBytes = this.limits.bytes;
    if (source.type === 'stream') {
      return { content: source.content, fileName: displayName(source.fileName), maxBytes };
    }
    if (source.type === 'base64') {
      const header = readDataHeader(source.text);
      const fileName = displayName(source.fileName ?? header.fileName);
      return { content: decodeBase64(source.text, header.payload), fileName, maxBytes };
    }
    const { url, content } = await this.fetcher.open(source.url, signal);
    return { content, fileName: nameInPath(url), maxBytes: this.fetchBytes };
  }

  private async judge(
    expected: MediaExpectation,
    format: MediaFormat,
    file: SpooledFile,
    signal: AbortSignal | undefined,
  ): Promise<{ mediaType: string; facts: MediaFacts }> {
    await refuseByStructure(format, file);
    const from: ProbeInput = {
      input: `file:${file.path}`,
      demuxers: [format.demuxer],
      forced: true,
      protocols: 'file',
    };
    const options = signal === undefined ? {} : { signal };
    const { pixels, seconds } = this.limits;
    if (format.kind === 'image') {
      const question = decodeBeginning(format.demuxer === 'gif' ? gifFrames : 1);
      return {
        mediaType: format.mediaType,
        facts: judgePicture(await this.probe.ask(from, question, pixels, options)),
      };
    }
    const begin = decodeBeginning(firstPackets, expected === 'audio' ? 'a:0' : 'V:0');
    const [walked, begun] = await Promise.all([
      this.probe.ask(from, walkPackets, pixels, { ...options, onSpan: lengthLimit(seconds) }),
      this.probe.ask(from, begin, pixels, options),
    ]);
    return judgeRecording(expected, format, walked, begun);
  }
}

/** What ffprobe does not tell, or had better never see. */
async function refuseByStructure(format: MediaFormat, { path, bytes }: SpooledFile): Promise<void> {
  if (format.demuxer !== 'mov' && format.demuxer !== 'wav') return;
  const file = await open(path, 'r');
  try {
    if (format.demuxer === 'wav' && (await wavIsCutShort(file, bytes))) {
      throw new TaskError(
        'UNSUPPORTED_MEDIA',
        'The file is cut short: it announces more sound than it holds.',
      );
    }
    if (format.demuxer === 'mov' && (await hasExternalReferences(file, bytes))) {
      throw new TaskError('UNSUPPORTED_MEDIA', 'The file refers to media outside itself.');
    }
  } finally {
    await file.close();
  }
}

function nameInPath(url: URL): string | undefined {
  const last = url.pathname.split('/').at(-1) ?? '';
  try {
    return displayName(decodeURIComponent(last));
  } catch {
    return displayName(last);
  }
}
