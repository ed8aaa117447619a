export { GrpcEngine, type EngineTls, type GrpcEngineOptions } from './grpc-engine.js';
