"""The closed table of engine errors, and the one place where they become gRPC statuses."""

from dataclasses import dataclass
from enum import StrEnum

import grpc

from polyreel_inference.media.errors import UnreadableMedia


class ErrorCode(StrEnum):
    """Codes an engine or its host may end a job with; a subset of the platform's task error codes."""

    INVALID_INPUT = "INVALID_INPUT"
    UNSUPPORTED_MEDIA = "UNSUPPORTED_MEDIA"
    INPUT_TOO_LARGE = "INPUT_TOO_LARGE"
    FACE_NOT_DETECTED = "FACE_NOT_DETECTED"
    AUDIO_TOO_SHORT = "AUDIO_TOO_SHORT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    ENGINE_UNAVAILABLE = "ENGINE_UNAVAILABLE"
    ENGINE_LOST = "ENGINE_LOST"
    CANCELLED = "CANCELLED"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True)
class _Row:
    status: grpc.StatusCode
    retryable: bool


_TABLE: dict[ErrorCode, _Row] = {
    ErrorCode.INVALID_INPUT: _Row(grpc.StatusCode.INVALID_ARGUMENT, retryable=False),
    ErrorCode.UNSUPPORTED_MEDIA: _Row(grpc.StatusCode.INVALID_ARGUMENT, retryable=False),
    ErrorCode.INPUT_TOO_LARGE: _Row(grpc.StatusCode.INVALID_ARGUMENT, retryable=False),
    ErrorCode.FACE_NOT_DETECTED: _Row(grpc.StatusCode.FAILED_PRECONDITION, retryable=False),
    ErrorCode.AUDIO_TOO_SHORT: _Row(grpc.StatusCode.FAILED_PRECONDITION, retryable=False),
    ErrorCode.OUT_OF_MEMORY: _Row(grpc.StatusCode.RESOURCE_EXHAUSTED, retryable=False),
    ErrorCode.ENGINE_UNAVAILABLE: _Row(grpc.StatusCode.UNAVAILABLE, retryable=True),
    ErrorCode.ENGINE_LOST: _Row(grpc.StatusCode.UNAVAILABLE, retryable=True),
    ErrorCode.CANCELLED: _Row(grpc.StatusCode.CANCELLED, retryable=False),
    ErrorCode.INTERNAL: _Row(grpc.StatusCode.INTERNAL, retryable=True),
}


class EngineError(Exception):
    """A failure whose message is text for the end user; never put paths or internals of the server in it.

    `retryable` None means what the table says for the code.
    """

    def __init__(self, code: ErrorCode | str, message: str, retryable: bool | None = None) -> None:
        super().__init__(message)
        self.code = ErrorCode(code)
        self.message = message
        self.retryable = _TABLE[self.code].retryable if retryable is None else retryable


class EngineBroken(EngineError):
    """The job is lost and no other one can be run: the process answers, ends, and is to be started again."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.ENGINE_LOST, message)


class SlotsBusy(EngineError):
    """All slots run a job; the caller should try another engine or come back later."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.ENGINE_UNAVAILABLE, "All slots are busy.")


class Cancelled(Exception):
    """Not a failure: raised by the reporter inside the engine's thread once the job was cancelled."""


@dataclass(frozen=True)
class Status:
    """How a failure goes over the wire. `text` is for the end user."""

    grpc_code: grpc.StatusCode
    code: ErrorCode
    retryable: bool
    text: str

    def trailing_metadata(self) -> tuple[tuple[str, str], ...]:
        """The two keys that make the failure machine readable, as engine_service.proto documents."""
        return (
            ("polyreel-error-code", self.code.value),
            ("polyreel-error-retryable", "true" if self.retryable else "false"),
        )


def status_of(exception: BaseException) -> Status:
    """Translate any exception; what is not in the table becomes INTERNAL with a text that tells nothing."""
    match exception:
        case SlotsBusy():
            # RESOURCE_EXHAUSTED tells a worker apart from UNAVAILABLE that the engine is well, only full.
            status = grpc.StatusCode.RESOURCE_EXHAUSTED
            return Status(status, exception.code, exception.retryable, exception.message)
        case EngineError():
            return Status(
                _TABLE[exception.code].status, exception.code, exception.retryable, exception.message
            )
        case Cancelled():
            return _status(ErrorCode.CANCELLED, "The job was cancelled.")
        case UnreadableMedia():
            return _status(ErrorCode.INVALID_INPUT, str(exception))
        case _ if _is_out_of_memory(exception):
            return _status(
                ErrorCode.OUT_OF_MEMORY,
                "The job does not fit into the memory of the device; use a smaller size or fewer frames.",
            )
        case _:
            return _status(ErrorCode.INTERNAL, "The engine failed unexpectedly. Its log tells more.")


def _status(code: ErrorCode, text: str) -> Status:
    row = _TABLE[code]
    return Status(row.status, code, row.retryable, text)


def _is_out_of_memory(exception: BaseException) -> bool:
    # Accelerator libraries raise their own classes (torch.OutOfMemoryError); the host imports none of them.
    return isinstance(exception, MemoryError) or type(exception).__name__ == "OutOfMemoryError"
