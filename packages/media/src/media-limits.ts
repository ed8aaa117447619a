/** What one input may be. Beyond any of these it is INPUT_TOO_LARGE. */
export interface MediaLimits {
  /** One upload or decoded base64 text. */
  readonly bytes: number;
  /** One file fetched from a foreign URL. Absent: same as `bytes`. */
  readonly fetchBytes?: number;
  /** Length of sound or video. */
  readonly seconds: number;
  /** Width times height of one picture or frame. */
  readonly pixels: number;
  /** For one download, redirects included. */
  readonly fetchTimeoutSeconds: number;
  /** Redirects followed per download. Absent: 5. */
  readonly redirects?: number;
}

/** "2 GiB", "500 KiB", "12 bytes": limits as shown in error texts. */
export function describeBytes(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= size) return `${Number((bytes / size).toFixed(1))} ${unit}`;
  }
  return `${bytes} bytes`;
}
