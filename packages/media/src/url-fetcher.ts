import { TaskError } from '@polyreel/core';
import type { Dispatcher } from 'undici';
import { ForeignAgents } from './foreign-agents.js';
import { describeBytes } from './media-limits.js';
import type { ResolveHost } from './pinned-lookup.js';
import { unreachable } from './unreachable.js';
import type { UrlRules } from './url-rules.js';

const idleTimeoutMilliseconds = 30_000;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

export interface UrlFetcherOptions {
  readonly rules: UrlRules;
  readonly maxBytes: number;
  /** For everything from the first connection to the last byte. */
  readonly timeoutSeconds: number;
  readonly redirects: number;
  /** Absent: the name servers, and the system's lookup for excepted hosts. */
  readonly resolve?: ResolveHost;
}

export interface FetchedContent {
  /** After the last redirect. */
  readonly url: URL;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The only way to read from a foreign server: GET of public addresses, within limits of size and time. */
export class UrlFetcher {
  private readonly agents: ForeignAgents;

  constructor(private readonly options: UrlFetcherOptions) {
    this.agents = new ForeignAgents(options.rules, idleTimeoutMilliseconds, options.resolve);
  }

  /** @throws TaskError INVALID_INPUT, INPUT_UNREACHABLE, INPUT_TOO_LARGE; so does the content while it is read */
  async open(text: string, signal?: AbortSignal): Promise<FetchedContent> {
    const timeout = AbortSignal.timeout(this.options.timeoutSeconds * 1000);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const translate = (error: unknown): unknown => {
      if (signal?.aborted === true) return signal.reason;
      if (!timeout.aborted || error instanceof TaskError) return unreachable(error);
      return new TaskError(
        'INPUT_UNREACHABLE',
        `The download took longer than ${this.options.timeoutSeconds} seconds.`,
      );
    };
    try {
      const { url, response } = await this.follow(this.options.rules.check(text), either);
      return { url, content: bodyOf(response, translate) };
    } catch (error) {
      throw translate(error);
    }
  }

  private async follow(
    first: URL,
    signal: AbortSignal,
  ): Promise<{ url: URL; response: Dispatcher.ResponseData }> {
    let url = first;
    for (let hops = 0; hops <= this.options.redirects; hops++) {
      const response = await this.request(url, signal);
      if (!redirectStatuses.has(response.statusCode)) {
        this.refuse(response);
        return { url, response };
      }
      drop(response);
      url = this.nextHop(url, response.headers['location']);
    }
    throw new TaskError('INPUT_UNREACHABLE', `The URL redirects more than ${this.options.redirects} times.`);
  }

  private request(url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    return this.agents.for(url).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'GET',
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Polyreel' },
      signal,
    });
  }

  private nextHop(from: URL, location: string | string[] | undefined): URL {
    try {
      if (typeof location !== 'string') throw new TaskError('INVALID_INPUT');
      return this.options.rules.check(location, from);
    } catch (error) {
      // What the server says is not the client's fault.
      if (!(error instanceof TaskError) || error.code !== 'INVALID_INPUT') throw error;
      throw new TaskError('INPUT_UNREACHABLE', 'The URL redirects to something that cannot be fetched.');
    }
  }

  private refuse(response: Dispatcher.ResponseData): void {
    const { statusCode, headers } = response;
    const length = Number(headers['content-length'] ?? 0);
    const encoding = headers['content-encoding'] ?? 'identity';
    let error: TaskError | undefined;
    if (statusCode < 200 || statusCode > 299 || statusCode === 204) {
      error = new TaskError('INPUT_UNREACHABLE', `The server answered ${statusCode}.`);
    } else if (encoding !== 'identity') {
      error = new TaskError(
        'INPUT_UNREACHABLE',
        'The server sends compressed content, which was not asked for.',
      );
    } else if (length > this.options.maxBytes) {
      error = new TaskError(
        'INPUT_TOO_LARGE',
        `The file is larger than ${describeBytes(this.options.maxBytes)}.`,
      );
    }
    if (error === undefined) return;
    drop(response);
    throw error;
  }
}

/** Closes the connection instead of reading on. */
function drop(response: Dispatcher.ResponseData): void {
  response.body.on('error', () => undefined).destroy();
}

async function* bodyOf(
  response: Dispatcher.ResponseData,
  translate: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = response.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        throw translate(error);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    drop(response);
  }
}
