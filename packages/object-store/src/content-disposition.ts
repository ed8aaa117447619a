/** Longest file name in a link, in characters. */
const nameLimit = 150;

/**
 * Content-Disposition by RFC 6266: an ASCII name for old clients and the real
 * one by RFC 5987. Separators and control characters leave the name.
 */
export function contentDisposition(disposition: 'inline' | 'attachment', fileName: string): string {
  const name = [...fileName.replace(/[\p{C}/\\]+/gu, '_')].slice(0, nameLimit).join('').trim() || 'file';
  const ascii = name.replace(/[^ -~]|["%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${disposition}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
