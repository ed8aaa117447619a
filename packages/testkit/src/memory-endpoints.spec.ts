import { endpointsContract } from './contracts/endpoints-contract.js';
import { MemoryEndpoints } from './memory-endpoints.js';

endpointsContract(async () => new MemoryEndpoints());
