import { engineContract, ScriptedEngine } from '@polyreel/testkit';
import { GrpcEngine } from '../src/index.js';
import { serveEngine } from './engine-server.js';

engineContract(async (...scripts) => {
  const scripted = new ScriptedEngine(...scripts);
  const server = await serveEngine(scripted);
  const engine = new GrpcEngine(server.address);
  return {
    engine,
    scripted,
    close: async () => {
      engine.close();
      server.close();
    },
  };
});
