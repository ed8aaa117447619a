"""Which ways of compiling an operator's other options allow on the device."""

from collections.abc import Mapping

from polyreel_inference.devices.backend import Backend
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.parallel.ranks import Ranks

_LAZY_COLLECTIVES = "PT_HPU_ENABLE_LAZY_COLLECTIVES"


def check_compiling(backend: Backend, ranks: Ranks, environment: Mapping[str, str], *, moved_by: str) -> None:
    """Raise `UnusableOptions` where `--compile` cannot be had, before anything is loaded.

    Devices that replay recorded blocks (Gaudi in lazy mode) need the weights in one place: `moved_by` is the
    option by which they move, "" where they stay. Intel supports recordings in which ranks exchange something
    only with PT_HPU_ENABLE_LAZY_COLLECTIVES ("Run Inference Using HPU Graphs").
    """
    if not backend.replays_modules:
        return
    if moved_by:
        raise UnusableOptions(
            f"--compile replays recorded blocks in Gaudi's lazy mode, and {moved_by} moves their weights:"
            " leave one of them out, or set PT_HPU_LAZY_MODE=0."
        )
    if ranks.size > 1 and environment.get(_LAZY_COLLECTIVES, "").lower() not in ("true", "1"):
        raise UnusableOptions(
            f"--compile with several Gaudi processes in lazy mode needs {_LAZY_COLLECTIVES}=true in the"
            " environment; set it, or leave --compile out."
        )
