/**
 * The given address with the session's time zone set to UTC: the driver adapter
 * drops the offset of `timestamptz` values, so any other zone would shift them.
 */
export function withUtcSession(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const options = [url.searchParams.get('options'), '-c TimeZone=UTC'].filter(Boolean).join(' ');
  url.searchParams.set('options', options);
  return url.href;
}
