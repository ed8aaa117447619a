import { acceptsConnections } from './probes.js';

/**
 * Those of the engines nobody answers for, within a second: they may still be starting, or the address is wrong.
 * @param addresses host:port each
 */
export async function silentEngines(addresses: readonly string[]): Promise<string[]> {
  const answering = await Promise.all(
    addresses.map((address) => {
      const { hostname, port } = new URL(`tcp://${address}`);
      return acceptsConnections(hostname.replace(/^\[|\]$/g, ''), Number(port));
    }),
  );
  return addresses.filter((_, index) => !answering[index]);
}
