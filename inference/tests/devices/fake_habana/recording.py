"""What the stand-in was asked to do."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One call of the vendor's package: the function's name and the arguments that matter."""

    function: str
    arguments: tuple[Any, ...] = ()


calls: list[Call] = []
"""All calls since the stand-in was installed."""


def record(function: str, *arguments: Any) -> None:
    """Add a call to the record."""
    calls.append(Call(function, arguments))
