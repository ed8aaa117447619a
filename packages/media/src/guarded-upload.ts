import { TaskError, type CopyContent } from '@polyreel/core';
import { Readable } from 'node:stream';
import { ForeignAgents } from './foreign-agents.js';
import type { ResolveHost } from './pinned-lookup.js';
import { unreachable } from './unreachable.js';
import { UrlRules } from './url-rules.js';

/** Milliseconds of silence that end an upload. */
const idleMilliseconds = 30_000;

/** A server that takes the content slower than this (256 KiB/s) is given up. */
const slowestBytesPerMillisecond = 262;

export interface GuardedUploadOptions {
  /** `host` or `host:port` that may be written to although private. */
  readonly allowHosts: readonly string[];
  /** Absent: the name servers, and the system's lookup for excepted hosts. */
  readonly resolve?: ResolveHost;
}

/** Writes to foreign servers, under the same rules for addresses as the fetcher of media. */
export class GuardedUpload {
  private readonly rules: UrlRules;
  private readonly agents: ForeignAgents;

  constructor({ allowHosts, resolve }: GuardedUploadOptions) {
    this.rules = new UrlRules(allowHosts);
    this.agents = new ForeignAgents(this.rules, idleMilliseconds, resolve);
  }

  /**
   * Puts the content once and returns the status of the answer. `signal` ends it with the signal's reason.
   * @throws TaskError INVALID_INPUT (no URL we write to), INPUT_UNREACHABLE (private address, no answer in time...)
   */
  async put(text: string, { mediaType, bytes, open }: CopyContent, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const url = this.rules.check(text);
    const timeout = AbortSignal.timeout(idleMilliseconds + Math.ceil(bytes / slowestBytesPerMillisecond));
    try {
      const response = await this.agents.for(url).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'PUT',
        headers: { 'content-type': mediaType, 'content-length': String(bytes), 'user-agent': 'Polyreel' },
        body: Readable.from(open(), { objectMode: false }),
        signal: AbortSignal.any([signal, timeout]),
      });
      // Whatever else it says is not for us to read.
      await response.body.dump().catch(() => undefined);
      return response.statusCode;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (timeout.aborted)
        throw new TaskError('INPUT_UNREACHABLE', 'The server did not take the file in time.');
      throw unreachable(error);
    }
  }

  /** Gives up the connections kept for later uploads. */
  close(): Promise<void> {
    return this.agents.close();
  }
}
