import { TaskError, type WebhookAnswer, type WebhookBody, type WebhookTransport } from '@polyreel/core';
import { Readable } from 'node:stream';
import { ForeignAgents } from './foreign-agents.js';
import type { ResolveHost } from './pinned-lookup.js';
import { unreachable } from './unreachable.js';
import { UrlRules } from './url-rules.js';

/** Milliseconds for everything but the transfer of the body. */
const answerMilliseconds = 15_000;

/** A receiver that takes the body slower than this (1 MiB/s) is given up. */
const slowestBytesPerMillisecond = 1049;

/** So much of an answer is read, to keep the connection for the next message; its content is of no interest. */
const answerBytes = 64 * 1024;

export interface GuardedWebhookTransportOptions {
  /** `host` or `host:port` that may be posted to although private. */
  readonly allowHosts: readonly string[];
  /** Seconds for one post without the transfer of its body. Absent: 15. */
  readonly timeoutSeconds?: number;
  /** Absent: the name servers, and the system's lookup for excepted hosts. */
  readonly resolve?: ResolveHost;
}

/** `WebhookTransport` on undici, under the same rules for addresses as the fetcher of media. */
export class GuardedWebhookTransport implements WebhookTransport {
  private readonly rules: UrlRules;
  private readonly agents: ForeignAgents;
  private readonly milliseconds: number;

  constructor({ allowHosts, timeoutSeconds, resolve }: GuardedWebhookTransportOptions) {
    this.milliseconds = timeoutSeconds === undefined ? answerMilliseconds : timeoutSeconds * 1000;
    this.rules = new UrlRules(allowHosts);
    this.agents = new ForeignAgents(this.rules, this.milliseconds, resolve);
  }

  async post(
    text: string,
    headers: Readonly<Record<string, string>>,
    body: WebhookBody,
    signal: AbortSignal,
  ): Promise<WebhookAnswer> {
    signal.throwIfAborted();
    const url = this.rules.check(text);
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.bytes;
    const timeout = AbortSignal.timeout(this.milliseconds + Math.ceil(bytes / slowestBytesPerMillisecond));
    const either = AbortSignal.any([signal, timeout]);
    try {
      const response = await this.agents.for(url).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers: { ...headers, 'content-length': String(bytes), 'user-agent': 'Polyreel' },
        body: typeof body === 'string' ? body : Readable.from(body.open(), { objectMode: false }),
        signal: either,
      });
      // The answer counts from its first line; what follows may break off.
      await response.body.dump({ limit: answerBytes, signal: either }).catch(() => undefined);
      return answerOf(response.statusCode, response.headers['retry-after']);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (timeout.aborted) throw new TaskError('INPUT_UNREACHABLE', 'The receiver did not answer in time.');
      throw unreachable(error);
    }
  }

  /** Gives up the connections kept for later messages. */
  close(): Promise<void> {
    return this.agents.close();
  }
}

function answerOf(status: number, retryAfter: string | string[] | undefined): WebhookAnswer {
  const retryAfterSeconds = typeof retryAfter === 'string' ? secondsOf(retryAfter) : undefined;
  return { status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}

/** Retry-After as seconds or as a date. Undefined: neither. */
function secondsOf(retryAfter: string): number | undefined {
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  // Date.parse alone also understands much that is no HTTP date.
  const instant = / GMT$/.test(retryAfter) ? Date.parse(retryAfter) : Number.NaN;
  return Number.isNaN(instant) ? undefined : Math.max(0, (instant - Date.now()) / 1000);
}
