/** Injection tokens of the ports; their adapters are chosen in `tasks.module.ts` only. */
export const API_KEYS = Symbol('ApiKeys');
export const ENGINE_REGISTRY = Symbol('EngineRegistry');
export const MEDIA_INTAKE = Symbol('MediaIntake');
export const OBJECT_STORE = Symbol('ObjectStore');
export const TASK_EVENTS = Symbol('TaskEvents');
export const TASK_STORE = Symbol('TaskStore');
/** Checks of everything readiness depends on, by name. */
export const DEPENDENCIES = Symbol('Dependencies');
