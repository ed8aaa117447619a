"""What can be wrong with weights on disk."""

from collections.abc import Iterable

_SHOWN = 10


class WeightsError(Exception):
    """The files of a model do not fit it; the message is for the operator and names files and tensors."""


def listed(names: Iterable[str]) -> str:
    """Join names for a message: the first ten in order, then how many more there are."""
    ordered = sorted(names)
    shown = ", ".join(ordered[:_SHOWN])
    more = len(ordered) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
