import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as delay } from 'node:timers/promises';

/** Paths of the media and the text a video is made from; the combination decides what kind of video. */
export interface VideoInputs {
  image?: string;
  video?: string;
  audio?: string;
  audio2?: string;
  prompt?: string;
}

export interface JobStatus {
  /** The dialect's word: completed and succeed, failed, cancelled; anything else means "still at it". */
  status: string;
  /** 0..1 */
  progress: number;
  message: string;
  error?: string;
  /** Presigned link, once completed. */
  resultUrl?: string;
}

const pollMilliseconds = 400;
/** A restart of the API in mid-job is no reason to give up. */
const patienceSeconds = 60;

/** Makes one video through the public API, as any client would. */
export class VideoJob {
  private constructor(
    private readonly url: string,
    private readonly headers: Record<string, string>,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws Error with the API's own words when it refuses the inputs. */
  static async submit(
    api: { url: string; key?: string },
    inputs: VideoInputs,
    signal: AbortSignal,
  ): Promise<VideoJob> {
    const headers: Record<string, string> = api.key ? { 'x-api-key': api.key } : {};
    const reply = await fetch(`${api.url}/v1/tasks/video/form`, {
      method: 'POST',
      headers,
      body: await form(inputs),
      signal,
    });
    const body = await reply.text();
    if (!reply.ok) throw new Error(`The API refused the job (${reply.status}): ${body.slice(0, 2000)}`);
    const { task_id: id } = JSON.parse(body) as { task_id: string };
    return new VideoJob(`${api.url}/v1/tasks/${encodeURIComponent(id)}`, headers, signal);
  }

  /**
   * Follows the job to its end.
   * @throws Error with the reason when it fails or is cancelled.
   */
  async finished(onStatus: (status: JobStatus) => void): Promise<JobStatus> {
    let lastAnswer = Date.now();
    for (;;) {
      const status = await this.status().catch((error: unknown) => {
        this.signal.throwIfAborted();
        if (Date.now() - lastAnswer > patienceSeconds * 1000) throw error;
        return undefined;
      });
      if (status) {
        lastAnswer = Date.now();
        onStatus(status);
        if (status.status === 'completed' || status.status === 'succeed') return status;
        if (status.status === 'failed' || status.status === 'cancelled') {
          throw new Error(`The video was not made (${status.status}): ${status.error ?? status.message}`);
        }
      }
      await delay(pollMilliseconds, undefined, { signal: this.signal });
    }
  }

  /** Saves the result; an interrupted download leaves nothing under the final name. */
  async download(path: string): Promise<void> {
    const reply = await fetch(`${this.url}/result`, { headers: this.headers, signal: this.signal });
    if (!reply.ok || !reply.body) {
      throw new Error(`The download failed (${reply.status}): ${(await reply.text()).slice(0, 2000)}`);
    }
    await mkdir(dirname(path), { recursive: true });
    const part = `${path}.part`;
    try {
      const body = Readable.fromWeb(reply.body as ReadableStream);
      await pipeline(body, createWriteStream(part), { signal: this.signal });
      await rename(part, path);
    } finally {
      await rm(part, { force: true });
    }
  }

  private async status(): Promise<JobStatus> {
    const reply = await fetch(`${this.url}/status`, { headers: this.headers, signal: this.signal });
    if (!reply.ok) throw new Error(`Asking for the status failed (${reply.status}): ${await reply.text()}`);
    const body = (await reply.json()) as Record<string, unknown>;
    return {
      status: String(body.status),
      progress: Math.min(1, Math.max(0, Number(body.progress) || 0)),
      message: typeof body.message === 'string' ? body.message : '',
      error: typeof body.error === 'string' && body.error !== '' ? body.error : undefined,
      resultUrl: typeof body.result_url === 'string' ? body.result_url : undefined,
    };
  }
}

async function form({ image, video, audio, audio2, prompt }: VideoInputs): Promise<FormData> {
  const fields = new FormData();
  const attach = async (name: string, path: string | undefined) => {
    // Read from disk while it is sent; a long video never lies in memory.
    if (path) fields.append(name, await openAsBlob(path), basename(path));
  };
  if (prompt !== undefined) fields.append('prompt', prompt);
  // The dialect takes a picture or a video in this field.
  await attach('image_file', image ?? video);
  await attach('audio_file', audio);
  await attach('audio_file_2', audio2);
  return fields;
}
