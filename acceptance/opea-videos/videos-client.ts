import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { poll } from '../platform/poll.js';

/** The video object of the document. */
export interface VideoReply {
  readonly id: string;
  readonly object: string;
  readonly model: string;
  readonly status: string;
  readonly progress: number;
  readonly created_at: number;
  readonly estimated_time: number;
  readonly queue_length: number;
  readonly duration: number;
  readonly seconds: string;
  readonly error: unknown;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** Fields in the order of the original's replies. */
export const videoFields = [
  'id',
  'object',
  'model',
  'status',
  'progress',
  'created_at',
  'estimated_time',
  'queue_length',
  'duration',
  'seconds',
  'error',
];

/** The calls a client of the document makes, and nothing more. */
export class VideosClient {
  /** @param headers sent with every call, such as those by which OpenAI's SDKs are known */
  constructor(
    private readonly baseUrl: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  /** @param body a form, text as it is, anything else as JSON */
  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const isForm = body instanceof FormData;
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        ...this.headers,
        ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isForm || typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text), headers: response.headers };
  }

  async create(body: unknown): Promise<VideoReply> {
    const reply = await this.request('POST', '/v1/videos', body);
    if (reply.status !== 200)
      throw new Error(`Create answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body as VideoReply;
  }

  async status(id: string): Promise<VideoReply> {
    return (await this.request('GET', `/v1/videos/${id}`)).body as VideoReply;
  }

  /** Polls as a script of the document does: these words stop, every other word goes on. */
  pollUntil(id: string, words: readonly string[]): Promise<VideoReply[]> {
    return poll(
      () => this.status(id),
      ({ status }) => words.includes(status),
    );
  }
}

/** Names may repeat. */
export async function form(
  fields: Record<string, string>,
  files: readonly (readonly [name: string, path: string])[],
): Promise<FormData> {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  for (const [name, path] of files) data.append(name, new Blob([await readFile(path)]), basename(path));
  return data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
