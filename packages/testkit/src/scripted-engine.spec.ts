import { engineContract } from './contracts/engine-contract.js';
import { ScriptedEngine } from './scripted-engine.js';

engineContract(async (...scripts) => {
  const scripted = new ScriptedEngine(...scripts);
  return { engine: scripted, scripted, close: async () => {} };
});
