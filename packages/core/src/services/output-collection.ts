import type { Asset, OutputRole } from '../model/asset.js';
import { objectKeys } from '../model/object-keys.js';
import { TaskError } from '../model/task-error.js';
import type { EngineEvent } from '../ports/engine.js';
import type { LogoAppender } from '../ports/logo-appender.js';
import type { MediaInspector } from '../ports/media-intake.js';
import type { ObjectStore } from '../ports/object-store.js';
import { ByteChannel } from './byte-channel.js';

const outputRoleOf = { result: 'result', mask: 'mask_result', poster: 'poster' } as const;

/** Seconds an internal link lives: long enough to probe a result, no longer. */
const PROBE_LINK_SECONDS = 300;

/** Longest side of a poster, in pixels. */
const POSTER_SIDE = 1280;

/** Streams the outputs of one attempt into the object store as they come, and checks them at the end. */
export class OutputCollection {
  private readonly uploads: Promise<Asset>[] = [];
  private current: ByteChannel | undefined;

  constructor(
    private readonly taskId: string,
    private readonly attempt: number,
    private readonly objects: ObjectStore,
    private readonly inspector: MediaInspector,
    private readonly signal: AbortSignal,
    /** Follows the result. Absent: the result is stored as the engine made it. */
    private readonly logo?: LogoAppender,
  ) {}

  /** Takes an output event; resolves when the chunk is on its way, so a slow store slows the engine down. */
  async take(event: Extract<EngineEvent, { type: 'output-start' | 'output-chunk' }>): Promise<void> {
    if (event.type === 'output-chunk') {
      if (!this.current)
        throw new TaskError('INTERNAL', 'The engine sent output bytes before any output began.');
      return this.current.push(event.data);
    }
    this.current?.end();
    this.current = new ByteChannel();
    const upload = this.upload(outputRoleOf[event.role], event.mediaType, this.current);
    // Its failure is seen when `finish` awaits it; the engine is not stopped in the middle of a chunk.
    upload.catch(() => undefined);
    this.uploads.push(upload);
  }

  /** Waits for the uploads, probes the videos and makes a poster when the engine gave none. */
  async finish(): Promise<readonly Asset[]> {
    this.current?.end();
    const assets = await Promise.all(this.uploads);
    const result = assets.find((asset) => asset.role === 'result');
    if (!result) throw new TaskError('INTERNAL', 'The engine ended without a result.');
    const probed = await Promise.all(
      assets.map(async (asset) => (asset.mediaType?.startsWith('video/') ? this.probe(asset) : asset)),
    );
    if (assets.some((asset) => asset.role === 'poster')) return probed;
    return [...probed, await this.makePoster(result)];
  }

  /** Ends every upload without an object. */
  async discard(reason: unknown): Promise<void> {
    this.current?.fail(reason);
    await Promise.allSettled(this.uploads);
    await this.objects.removePrefix(objectKeys.attempt(this.taskId, this.attempt)).catch(() => undefined);
  }

  private async upload(role: OutputRole, mediaType: string, content: ByteChannel): Promise<Asset> {
    const objectKey = objectKeys.output(this.taskId, this.attempt, role);
    const stored = role === 'result' && this.logo ? this.logo.append(content, this.signal) : content;
    try {
      const { bytes, sha256 } = await this.objects.upload(objectKey, stored, {
        mediaType,
        signal: this.signal,
      });
      return { role, objectKey, mediaType, bytes, sha256 };
    } catch (error) {
      throw error instanceof TaskError ? error : new TaskError('UPLOAD_FAILED', undefined, { cause: error });
    } finally {
      content.abandon();
    }
  }

  private async probe(asset: Asset): Promise<Asset> {
    const facts = await this.inspector.probeLink(await this.internalLink(asset));
    if (!facts.width || !facts.durationSeconds)
      throw new TaskError('INTERNAL', 'The engine made a video that cannot be played.');
    return { ...asset, facts };
  }

  private async makePoster(result: Asset): Promise<Asset> {
    const picture = await this.inspector.posterOf(await this.internalLink(result), POSTER_SIDE);
    const channel = new ByteChannel();
    const upload = this.upload('poster', 'image/jpeg', channel);
    await channel.push(picture);
    channel.end();
    return upload;
  }

  private internalLink(asset: Asset): Promise<string> {
    return this.objects.signedLink(asset.objectKey!, {
      seconds: PROBE_LINK_SECONDS,
      mediaType: asset.mediaType!,
      fileName: asset.role,
      disposition: 'inline',
      audience: 'internal',
    });
  }
}
