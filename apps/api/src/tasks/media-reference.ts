import { TaskError, type InputRole, type SubmittedInput } from '@polyreel/core';

/** Which paths of a request stand for objects of the bucket. */
export interface Volume {
  /** Absolute path beginnings, such as "/runpod-volume". */
  readonly roots: readonly string[];
  /** Key prefix they stand for, ends with "/". */
  readonly prefix: string;
}

/** A base64 text this long is no path and no URL. */
const CERTAIN_BASE64_LENGTH = 1024;

/**
 * An input given as one text: URL, data URL, base64 or a path of the volume.
 * A path never reaches the server's disk; it names an object below the volume prefix.
 * @throws TaskError INVALID_INPUT for paths that leave the volume
 */
export function mediaReference(role: InputRole, text: string, volume: Volume): SubmittedInput {
  const trimmed = text.trim();
  if (/^https?:\/\//i.test(trimmed)) return { role, source: { type: 'url', url: trimmed } };
  if (/^data:/i.test(trimmed) || looksLikeBase64(trimmed))
    return { role, source: { type: 'base64', text: trimmed } };
  return { role, objectKey: volumeKey(trimmed, volume) };
}

/** @throws TaskError INVALID_INPUT */
export function volumeKey(path: string, volume: Volume): string {
  const root = volume.roots.find((candidate) => path === candidate || path.startsWith(`${candidate}/`));
  const relative = (root ? path.slice(root.length) : path).replace(/^\/+/, '');
  const segments = relative.split('/');
  const unsafe = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  if (unsafe || /[\p{Cc}\\]/u.test(relative) || relative.length > 900 || /^[a-z][a-z0-9+.-]*:/i.test(path))
    throw new TaskError('INVALID_INPUT', 'The path does not name a file of the volume.');
  return volume.prefix + relative;
}

function looksLikeBase64(text: string): boolean {
  if (
    text.length < 64 ||
    !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text.slice(0, CERTAIN_BASE64_LENGTH).replace(/\s/g, ''))
  )
    return false;
  // A path has a file ending or at least a dot somewhere; base64 has none.
  return text.length >= CERTAIN_BASE64_LENGTH || !/[./]\w{2,4}$/.test(text);
}
