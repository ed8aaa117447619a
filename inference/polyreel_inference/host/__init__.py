"""The process around an engine: gRPC service, validation, workspaces and shutdown."""
