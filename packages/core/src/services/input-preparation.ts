import { inputRoles, type Asset, type InputRole } from '../model/asset.js';
import { objectKeys } from '../model/object-keys.js';
import { TaskError } from '../model/task-error.js';
import { expectationOf, roleByContent } from '../model/task-inputs.js';
import type { Task } from '../model/task.js';
import type { EngineInput } from '../ports/engine.js';
import type { MediaIntake, ReceivedMedia } from '../ports/media-intake.js';
import type { ObjectStore } from '../ports/object-store.js';
import { assetFromMedia } from './received-asset.js';

/** Inputs of a task, ready to be sent to an engine. */
export interface PreparedInputs {
  readonly inputs: readonly EngineInput[];
  /** Assets whose content was fetched just now, to be recorded on the task once it is claimed. */
  readonly fetched: readonly Asset[];
  /** Why an input cannot be used, led by its role. The others were fetched all the same. */
  readonly failure?: TaskError;
  /** Removes temporary files. */
  discard(): Promise<void>;
}

/**
 * Brings every input within reach: foreign URLs and unchecked objects go through the guarded intake
 * and into the object store, so that another attempt need not fetch them again.
 */
export async function prepareInputs(
  task: Task,
  intake: MediaIntake,
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<PreparedInputs> {
  const received: ReceivedMedia[] = [];
  const discard = async () => {
    await Promise.all(received.map((media) => media.discard()));
  };
  const prepareOne = async (
    asset: Asset & { role: InputRole },
  ): Promise<{ input: EngineInput; fetched?: Asset }> => {
    if (asset.objectKey && asset.facts) return { input: storedInput(asset, asset.objectKey, objects) };
    const expected = expectationOf(task.kind, asset.role);
    if (!expected) throw new TaskError('INVALID_INPUT', `This kind of task takes no ${asset.role}.`);
    const media = await intake.receive(
      asset.role,
      expected,
      asset.objectKey
        ? { type: 'stream', content: (await objects.read(asset.objectKey)).content }
        : { type: 'url', url: asset.sourceUrl! },
      signal,
    );
    received.push(media);
    const role = roleByContent(asset.role, media.mediaType);
    const objectKey = asset.objectKey ?? objectKeys.input(task.id, asset.role);
    if (!asset.objectKey)
      await objects.upload(objectKey, media.open(), { mediaType: media.mediaType, signal });
    return {
      input: { role, mediaType: media.mediaType, bytes: media.bytes, open: () => media.open() },
      fetched: { ...asset, ...assetFromMedia(media), role: asset.role, objectKey },
    };
  };
  const assets = task.assets.filter(isInput);
  const settled = await Promise.allSettled(assets.map(prepareOne));
  const prepared = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = settled.findIndex(({ status }) => status === 'rejected');
  return {
    inputs: prepared.map(({ input }) => input),
    fetched: prepared.flatMap(({ fetched }) => (fetched ? [fetched] : [])),
    ...(failed >= 0 && { failure: failureOf(assets[failed]!.role, settled[failed]!) }),
    discard,
  };
}

function failureOf(role: InputRole, result: PromiseSettledResult<unknown>): TaskError {
  const error = TaskError.from(result.status === 'rejected' ? result.reason : undefined);
  return new TaskError(error.code, `${role}: ${error.message}`, { retryable: error.retryable, cause: error });
}

function storedInput(
  asset: Asset & { role: InputRole },
  objectKey: string,
  objects: ObjectStore,
): EngineInput {
  return {
    role: roleByContent(asset.role, asset.mediaType!),
    mediaType: asset.mediaType!,
    bytes: asset.bytes!,
    async *open() {
      yield* (await objects.read(objectKey)).content;
    },
  };
}

function isInput(asset: Asset): asset is Asset & { role: InputRole } {
  return inputRoles.some((role) => role === asset.role);
}
