/** Injection tokens of the ports; their adapters are chosen in `tasks.module.ts` only. */
export const API_KEYS = Symbol('ApiKeys');
export const ENDPOINTS = Symbol('Endpoints');
export const ENGINE_REGISTRY = Symbol('EngineRegistry');
export const MEDIA_INTAKE = Symbol('MediaIntake');
export const OBJECT_STORE = Symbol('ObjectStore');
export const SHEET_MAKER = Symbol('SheetMaker');
export const TASK_EVENTS = Symbol('TaskEvents');
export const TASK_STORE = Symbol('TaskStore');
export const WEBHOOK_OUTBOX = Symbol('WebhookOutbox');
export const WEBHOOK_TRANSPORT = Symbol('WebhookTransport');
/** Rings when a message about the end of a task is due. */
export const WEBHOOK_WAKE_UP = Symbol('WakeUp of webhooks');
/** Checks of everything readiness depends on, by name. */
export const DEPENDENCIES = Symbol('Dependencies');
