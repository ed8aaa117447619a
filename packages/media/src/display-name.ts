const longest = 255;

/** Control characters and the marks that reverse or hide parts of a shown name. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A client's file name made fit for showing: no folders, no control characters, at most 255 characters.
 * It is metadata only and never becomes part of a path. Undefined: nothing is left to show.
 */
export function displayName(name: string | undefined): string | undefined {
  const base = name?.split(/[/\\]/).at(-1)?.toWellFormed().replace(unprintable, '').trim();
  if (base === undefined || base === '' || base === '.' || base === '..') return undefined;
  return [...base].slice(0, longest).join('').slice(0, longest).toWellFormed();
}
