import { Inject, Injectable } from '@nestjs/common';
import { ApiSettings } from '@polyreel/config';
import { assetOf, type ObjectStore, type Task } from '@polyreel/core';
import { randomUUID } from 'node:crypto';
import type { JsonInsert } from '../http/json-body.js';
import { volumeKey } from './media-reference.js';
import { OBJECT_STORE } from './tokens.js';

/** How a client wants the result besides the link. */
export interface DeliveryWishes {
  /** Put it into the volume and tell the path; otherwise into the reply. */
  readonly toVolume: boolean;
  /** Largest result that goes into a reply, in bytes. */
  readonly inlineBytes: number;
}

/** Absent fields: not asked for, not there (yet), or too large. */
export interface DeliveredResult {
  readonly inline?: JsonInsert;
  readonly volumePath?: string;
}

/** Folder of the volume in which results appear. */
const RESULTS_FOLDER = 'results';

/** Hands a result out inside a JSON reply or as a file of the volume. */
@Injectable()
export class ResultDelivery {
  /** Copies under way by key: clients that poll while one runs wait for it instead of starting another. */
  private readonly copies = new Map<string, Promise<unknown>>();

  constructor(
    @Inject(OBJECT_STORE) private readonly objects: ObjectStore,
    @Inject(ApiSettings) private readonly settings: Pick<ApiSettings, 'volumeRoots' | 'volumePrefix'>,
  ) {}

  async of(task: Task, wishes: DeliveryWishes): Promise<DeliveredResult> {
    const result = assetOf(task, 'result');
    const { objectKey, mediaType } = result ?? {};
    if (task.state !== 'succeeded' || !objectKey || !mediaType) return {};
    const facts = await this.objects.head(objectKey);
    if (!facts) return {};
    if (wishes.toVolume) return { volumePath: await this.copyToVolume(task, objectKey, mediaType) };
    if (facts.bytes > wishes.inlineBytes) return {};
    const { objects } = this;
    const inline = {
      token: `content-${randomUUID()}`,
      bytes: facts.bytes,
      async *open() {
        yield* (await objects.read(objectKey)).content;
      },
    };
    return { inline };
  }

  /** The copy is made when the result is first asked for; it belongs to the user and outlives the task. */
  private async copyToVolume(task: Task, objectKey: string, mediaType: string): Promise<string> {
    const { volumeRoots, volumePrefix } = this.settings;
    const path = `${volumeRoots[0] ?? ''}/${RESULTS_FOLDER}/${task.publicId}.mp4`;
    const key = volumeKey(path, { roots: volumeRoots, prefix: volumePrefix });
    const running = this.copies.get(key) ?? this.copyOnce(objectKey, key, mediaType);
    this.copies.set(key, running);
    await running.finally(() => this.copies.delete(key));
    return path;
  }

  private async copyOnce(from: string, to: string, mediaType: string): Promise<void> {
    if (await this.objects.head(to)) return;
    await this.objects.upload(to, (await this.objects.read(from)).content, { mediaType });
  }
}
