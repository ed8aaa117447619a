import { objectStoreContract } from './contracts/object-store-contract.js';
import { MemoryObjectStore } from './memory-object-store.js';

objectStoreContract(async () => ({ store: new MemoryObjectStore(), close: async () => {} }));
