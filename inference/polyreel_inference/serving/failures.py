"""What goes wrong on devices and ranks, in words for users, with the memory given back."""

import logging
import traceback

from polyreel_inference.devices.backend import Backend
from polyreel_inference.host.errors import EngineBroken, EngineError, ErrorCode
from polyreel_inference.parallel.errors import RankFailed, RankLost

_logger = logging.getLogger("polyreel")


def explained(error: Exception, backend: Backend, advice: str) -> EngineError | None:
    """Translate what a job failed by, so that no tensor of it is left on the device; None: not known here.

    `advice` tells users in half a sentence how to ask for a job that takes less memory.
    Memory that did not suffice, also another rank's, becomes OUT_OF_MEMORY, a lost rank `EngineBroken`. So
    does whatever left the device in no state to go on: every later job would fail by it.
    """
    if not backend.is_usable():
        _logger.critical("the device cannot be used any more", exc_info=error)
        return EngineBroken("The device of the engine failed; the engine starts again.")
    if isinstance(error, RankLost):
        answer: EngineError = EngineBroken("A process of the engine was lost; the engine starts again.")
    elif (isinstance(error, RankFailed) and error.out_of_memory) or backend.is_out_of_memory(error):
        text = f"The video does not fit into the memory of the device; {advice}."
        answer = EngineError(ErrorCode.OUT_OF_MEMORY, text)
    else:
        return None
    _logger.warning("%s: %s", type(error).__name__, error)
    _forget(error)
    backend.free_memory()
    return answer


def _forget(error: BaseException) -> None:
    """Let go of what the frames of an error hold: the tensors of the job, in variables and closures."""
    related, seen = [error], set[int]()
    while related:
        one = related.pop()
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        one.__traceback__ = None
        further = (other for other in (one.__cause__, one.__context__) if other is not None)
        related += (other for other in further if id(other) not in seen)
