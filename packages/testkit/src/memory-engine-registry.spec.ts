import { engineRegistryContract } from './contracts/engine-registry-contract.js';
import { ManualClock } from './manual-clock.js';
import { MemoryEngineRegistry } from './memory-engine-registry.js';

engineRegistryContract(async () => {
  const clock = new ManualClock();
  return {
    registry: new MemoryEngineRegistry(clock.now),
    advance: async (seconds) => clock.advance(seconds),
  };
});
