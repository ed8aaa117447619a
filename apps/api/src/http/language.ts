/** Languages error texts and messages exist in. */
const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/** The language of the two the client prefers by Accept-Language (RFC 9110 weights). Absent or neither: `fallback`. */
export function preferredLanguage(header: string | string[] | undefined, fallback: Language): Language {
  const ranges = String(header ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.trim().toLowerCase().split(';');
      const weight = parameters.map((text) => /^\s*q=([\d.]+)$/.exec(text)?.[1]).find(Boolean);
      return { language: tag.split('-')[0], weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  for (const { language } of ranges) {
    const known = languages.find((candidate) => candidate === language);
    if (known) return known;
  }
  return fallback;
}
