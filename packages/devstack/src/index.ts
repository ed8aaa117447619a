export type { EmbeddedS3Access } from './embedded-s3.js';
export { startEmbeddedServices, type EmbeddedServices } from './embedded-services.js';
export { Supervisor, type SupervisorEvents } from './supervisor.js';
