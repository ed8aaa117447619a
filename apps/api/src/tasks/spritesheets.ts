import { Inject, Injectable } from '@nestjs/common';
import {
  assetOf,
  objectKeys,
  type ObjectStore,
  type SheetMaker,
  type Task,
  type TaskStore,
} from '@polyreel/core';
import { OBJECT_STORE, SHEET_MAKER, TASK_STORE } from './tokens.js';

/** An object to hand out. */
export interface StoredFile {
  readonly objectKey: string;
  readonly mediaType: string;
}

const mediaType = 'image/jpeg';
const layout = { columns: 5, rows: 4, side: 240 };
/** Seconds the maker may read the result. */
const LINK_SECONDS = 300;

/** Overviews of results: made when first asked for, then kept beside the result and removed with it. */
@Injectable()
export class Spritesheets {
  /** Under way by key: clients that ask meanwhile wait for the same one. */
  private readonly making = new Map<string, Promise<boolean>>();

  constructor(
    @Inject(TASK_STORE) private readonly store: Pick<TaskStore, 'find'>,
    @Inject(OBJECT_STORE) private readonly objects: ObjectStore,
    @Inject(SHEET_MAKER) private readonly maker: SheetMaker,
  ) {}

  /** Undefined: the task has no video (any more). @throws Error when none can be made of it */
  async of(task: Task): Promise<StoredFile | undefined> {
    if (task.state !== 'succeeded') return undefined;
    const objectKey = objectKeys.spritesheet(task.id, task.attempt);
    if (!(await this.objects.head(objectKey))) {
      const making = this.making.get(objectKey) ?? this.make(task, objectKey);
      this.making.set(objectKey, making);
      if (!(await making.finally(() => this.making.delete(objectKey)))) return undefined;
    }
    return { objectKey, mediaType };
  }

  private async make(task: Task, objectKey: string): Promise<boolean> {
    const result = assetOf(task, 'result');
    const seconds = result?.facts?.durationSeconds;
    if (!result?.objectKey || !result.mediaType || !seconds) return false;
    if (!(await this.objects.head(result.objectKey))) return false;
    const link = await this.objects.signedLink(result.objectKey, {
      seconds: LINK_SECONDS,
      mediaType: result.mediaType,
      fileName: 'result',
      disposition: 'inline',
      audience: 'internal',
    });
    const sheet = await this.maker.sheetOf(link, seconds, layout);
    await this.objects.upload(objectKey, pieces(sheet), { mediaType });
    // Whoever removed the task meanwhile did not know of this object.
    if (await this.store.find(task.id)) return true;
    await this.objects.removePrefix(objectKeys.results(task.id));
    return false;
  }
}

async function* pieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
