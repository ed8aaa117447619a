"""From the tensor names of original checkpoints to those of diffusers' and transformers' modules.

Names are renamed by whole segments, never by substrings: `audio_cross_attn.q_linear` of a talking model must
not become part of `cross_attn.q`. Each map leaves names that are already the module's own as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Destination:
    """Where a stored tensor goes: to `name`, or its `share`-th of `shares` equal parts along the rows.

    `reshape` allows dimensions of size 1 that the module's own parameter does not have.
    """

    name: str
    share: int = 0
    shares: int = 1
    reshape: bool = False


NameMap = Callable[[str], Sequence[Destination]]
"""Destinations of a stored tensor; none when the module has no use for it."""


def same_names(name: str) -> Sequence[Destination]:
    """Map of files written by the module's own library."""
    return (Destination(name),)


def rename_segments(name: str, renames: dict[str, str]) -> str:
    """Replace the longest runs of whole dot-separated segments that `renames` knows, from left to right."""
    segments = name.split(".")
    renamed: list[str] = []
    position = 0
    longest = max(key.count(".") for key in renames) + 1
    while position < len(segments):
        for length in range(min(longest, len(segments) - position), 0, -1):
            run = ".".join(segments[position : position + length])
            if run in renames:
                renamed.append(renames[run])
                position += length
                break
        else:
            renamed.append(segments[position])
            position += 1
    return ".".join(renamed)
