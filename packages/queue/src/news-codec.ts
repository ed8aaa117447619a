import type { TaskNews } from '@polyreel/core';

const types: readonly string[] = ['progress', 'preview', 'ended'] satisfies TaskNews['type'][];

/** Biggest picture that is sent, in bytes. */
export const pictureLimit = 256 * 1024;

/** A message is the type, a line feed, and the bytes of the picture, if any. */
export function encodeNews(news: TaskNews): Buffer {
  if (news.picture && news.picture.length > pictureLimit) {
    throw new RangeError(
      `A preview picture has ${news.picture.length} bytes; at most ${pictureLimit} are sent.`,
    );
  }
  return Buffer.concat([Buffer.from(`${news.type}\n`), news.picture ?? new Uint8Array()]);
}

/** Undefined for a message of a type this version does not know. */
export function decodeNews(taskId: string, message: Buffer): TaskNews | undefined {
  const end = message.indexOf('\n');
  const type = message.toString('latin1', 0, Math.max(end, 0));
  if (!isNewsType(type)) return undefined;
  const picture = message.subarray(end + 1);
  return picture.length > 0 ? { taskId, type, picture: new Uint8Array(picture) } : { taskId, type };
}

function isNewsType(text: string): text is TaskNews['type'] {
  return types.includes(text);
}
