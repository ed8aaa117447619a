export * from './contracts/media-intake-contract.js';
export * from './media-samples.js';
export * from './memory-media-intake.js';
export * from './engine-script.js';
export * from './memory-object-store.js';
export * from './memory-task-events.js';
export * from './memory-task-queue.js';
export * from './scripted-engine.js';
