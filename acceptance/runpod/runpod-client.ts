import { poll } from '../platform/poll.js';

export interface JobReply {
  readonly id: string;
  readonly status: string;
  readonly delayTime?: number;
  readonly executionTime?: number;
  readonly output?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly errorCode?: string;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
}

const finalWords: readonly string[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'];

/** One endpoint, called as the documents' curl lines do. */
export class RunpodClient {
  constructor(
    private readonly baseUrl: string,
    readonly endpoint: string,
  ) {}

  /** A body that is a text is sent as it is. */
  async request(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await fetch(`${this.baseUrl}/v2/${this.endpoint}${path}`, {
      method,
      headers: { authorization: 'API_KEY', 'content-type': 'application/json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: parsed(text) };
  }

  /** The reply to a request that must be answered with exactly 200. */
  async ok(method: string, path: string, body?: unknown): Promise<JobReply> {
    const reply = await this.request(method, path, body);
    if (reply.status !== 200) throw new Error(`${method} ${path} answered ${reply.status}: ${reply.text}`);
    // Base64 may hold these letters as well.
    if (/[:,[]null\b/.test(reply.text)) throw new Error(`A field is null: ${reply.text.slice(0, 2000)}`);
    return reply.body as JobReply;
  }

  async run(input: object, more: object = {}): Promise<string> {
    return (await this.ok('POST', '/run', { input, ...more })).id;
  }

  status(id: string): Promise<JobReply> {
    return this.ok('GET', `/status/${id}`);
  }

  /** Polls until one of these words comes; by default a final one. */
  until(id: string, words: readonly string[] = finalWords): Promise<JobReply[]> {
    return poll(
      () => this.status(id),
      ({ status }) => words.includes(status),
    );
  }

  /** Polls until the job has made its video; fails with the job's own error otherwise. */
  async completed(id: string): Promise<JobReply[]> {
    const replies = await this.until(id);
    const last = replies.at(-1)!;
    if (last.status !== 'COMPLETED')
      throw new Error(`The job is ${last.status}: ${last.errorCode} ${last.error}`);
    return replies;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
