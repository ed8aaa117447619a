import ipaddr from 'ipaddr.js';

/** Public by number, but answered by the host of a cloud machine with its secrets (Azure). */
const cloudMetadata = new Set(['168.63.129.16']);
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** The one NAT64 prefix whose inner address stands at a known place. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Whether an address belongs to the public internet. IPv4 inside IPv6 (mapped, NAT64) counts as the inner one;
 * tunnels (6to4, Teredo) are never public. Anything unknown is not.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) {
    return address.range() === 'unicast' && !cloudMetadata.has(address.toString());
  }
  const range = address.range();
  if (range === 'ipv4Mapped') return isPublicAddress(address.toIPv4Address().toString());
  if (address.match(nat64)) return isPublicAddress(address.toByteArray().slice(12).join('.'));
  return range === 'unicast' && address.match(globalUnicast);
}
