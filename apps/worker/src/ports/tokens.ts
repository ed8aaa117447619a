/** Injection tokens of the ports; their adapters are chosen in `ports.module.ts` only. */
export const DATABASE = Symbol('Database');
export const ENGINE_REGISTRY = Symbol('EngineRegistry');
export const OBJECT_STORE = Symbol('ObjectStore');
export const TASK_EVENTS = Symbol('TaskEvents');
export const TASK_QUEUE = Symbol('TaskQueue');
export const TASK_STORE = Symbol('TaskStore');
