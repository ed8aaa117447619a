"""The generated code of proto/polyreel/engine/v1, under short names.

protoc writes modules that import each other as `polyreel.engine.v1`; their root must be on the import path.
"""

import sys
from pathlib import Path

_GENERATED = Path(__file__).resolve().parent.parent / "generated"
sys.path.append(str(_GENERATED))

try:
    from polyreel.engine.v1 import description_pb2, engine_service_pb2_grpc, generation_pb2
except ModuleNotFoundError as error:
    if error.name is None or not error.name.startswith("polyreel"):
        raise
    raise ModuleNotFoundError(
        "The gRPC stubs are missing: run `python scripts/generate_stubs.py` in the folder inference.",
        name=error.name,
    ) from error

MAX_CHUNK_BYTES = 1024 * 1024
"""Largest InputChunk and OutputChunk the contract allows."""

MAX_PREVIEW_BYTES = 256 * 1024
"""Largest Preview the contract allows."""

SERVICE_NAME = "polyreel.engine.v1.EngineService"

__all__ = [
    "MAX_CHUNK_BYTES",
    "MAX_PREVIEW_BYTES",
    "SERVICE_NAME",
    "description_pb2",
    "engine_service_pb2_grpc",
    "generation_pb2",
]
