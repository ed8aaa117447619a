import type { Asset, InputRole } from '../model/asset.js';
import { objectKeys } from '../model/object-keys.js';
import { TaskError } from '../model/task-error.js';
import { expectationOf, roleByContent } from '../model/task-inputs.js';
import type { TaskKind } from '../model/task-kind.js';
import type { MediaIntake, ReceivedMedia } from '../ports/media-intake.js';
import type { ObjectStore } from '../ports/object-store.js';
import { assetFromMedia } from './received-asset.js';
import type { SubmittedInput } from './submission.js';

/** An input whose content is known by its digest, its URL or its place in our store. */
export type IdentifiedInput =
  | { readonly role: InputRole; readonly media: ReceivedMedia }
  | { readonly role: InputRole; readonly url: string }
  | { readonly role: InputRole; readonly objectKey: string };

/**
 * Spools what came as text or stream; foreign URLs are only looked at.
 * @param received grows by what is spooled, to be discarded by the caller whatever happens
 * @throws TaskError
 */
export function receiveInputs(
  kind: TaskKind,
  inputs: readonly SubmittedInput[],
  intake: MediaIntake,
  received: ReceivedMedia[],
  signal?: AbortSignal,
): Promise<IdentifiedInput[]> {
  return allOrFirstFailure(inputs, async (input) => {
    if (!('source' in input)) return input;
    const { role, source } = input;
    if (source.type === 'url') {
      intake.checkUrl(source.url);
      return { role, url: source.url };
    }
    const media = await intake.receive(role, expectationOf(kind, role)!, source, signal);
    received.push(media);
    return { role, media };
  });
}

/** Brings received media into the object store, under keys of the task. @throws TaskError */
export function storeInputs(
  taskId: string,
  kind: TaskKind,
  inputs: readonly IdentifiedInput[],
  objects: ObjectStore,
  signal?: AbortSignal,
): Promise<Asset[]> {
  return allOrFirstFailure(inputs, async (input) => {
    if ('url' in input) return { role: input.role, sourceUrl: input.url };
    if ('objectKey' in input) {
      if (!(await objects.head(input.objectKey)))
        throw new TaskError(
          'INVALID_INPUT',
          `There is no ${input.role} at the given path. Paths are those of the server's volume and samples; ` +
            'send the file itself, its URL or base64 instead.',
        );
      return { role: input.role, objectKey: input.objectKey };
    }
    const { media } = input;
    const expected = expectationOf(kind, input.role)!;
    if (expected !== 'reference' && !media.mediaType.startsWith(`${expected}/`) && !hasSound(expected, media))
      throw new TaskError(
        'UNSUPPORTED_MEDIA',
        `The ${input.role} must be ${expected}, not ${media.mediaType}.`,
      );
    const role = roleByContent(input.role, media.mediaType);
    const objectKey = objectKeys.input(taskId, role);
    await objects.upload(objectKey, media.open(), {
      mediaType: media.mediaType,
      ...(signal && { signal }),
    });
    return { ...assetFromMedia(media), role, objectKey };
  });
}

/** Settled one and all, so that nothing is still being written when the caller cleans up after a failure. */
async function allOrFirstFailure<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const settled = await Promise.allSettled(items.map(work));
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** A video may serve as audio: its sound is used. */
function hasSound(expected: string, media: ReceivedMedia): boolean {
  return expected === 'audio' && media.facts.audioCodec !== undefined;
}
