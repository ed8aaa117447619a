import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { poll } from '../platform/poll.js';

export interface StatusReply {
  readonly task_id: string;
  readonly status: string;
  readonly task_status: string;
  readonly progress: number;
  readonly message: string;
  readonly error: string | null;
  readonly error_type: string;
  readonly save_result_path: string;
  readonly start_time: string;
  readonly end_time: string | null;
  readonly result_url: string | null;
}

/** The calls a LightX2V client makes, and nothing more. */
export class LightX2VClient {
  constructor(
    private readonly baseUrl: string,
    private readonly prefix = '/v1',
  ) {}

  async request(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown; headers: Headers }> {
    const isForm = body instanceof FormData;
    const response = await fetch(`${this.baseUrl}${this.prefix}${path}`, {
      method,
      ...(body !== undefined && {
        body: isForm ? body : typeof body === 'string' ? body : JSON.stringify(body),
        ...(!isForm && { headers: { 'content-type': 'application/json' } }),
      }),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text), headers: response.headers };
  }

  /** Creates a task and returns its id; fails unless the server answers exactly 200. */
  async create(body: unknown, path = '/tasks/video'): Promise<string> {
    const reply = await this.request('POST', path, body);
    if (reply.status !== 200)
      throw new Error(`Create answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return (reply.body as { task_id: string }).task_id;
  }

  async status(id: string): Promise<StatusReply> {
    return (await this.request('GET', `/tasks/${id}/status`)).body as StatusReply;
  }

  /** Polls as the originals' scripts do: these words stop, every other word goes on. */
  pollUntil(id: string, words: readonly string[]): Promise<StatusReply[]> {
    return poll(
      () => this.status(id),
      ({ status }) => words.includes(status),
    );
  }

  /** The same while the API itself may be away for a moment: a client that tries again. */
  pollThroughRestart(id: string, words: readonly string[]): Promise<StatusReply[]> {
    const read = () => this.status(id).catch(() => ({ status: 'away' }) as StatusReply);
    return poll(read, ({ status }) => words.includes(status));
  }
}

/** Fields of a form are text. */
export function texts(fields: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

export async function form(fields: Record<string, string>, files: Record<string, string>): Promise<FormData> {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  for (const [name, path] of Object.entries(files))
    data.set(name, new Blob([await readFile(path)]), basename(path));
  return data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
