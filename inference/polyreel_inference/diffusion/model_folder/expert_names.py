"""Which of two experts a file is for, by its name."""

import re
from pathlib import Path

EXPERTS = ("high", "low")
"""What the experts are called, in their order."""


def expert_named(path: Path) -> int | None:
    """Return 0 for a file named after the expert for high noise, 1 for low noise, None for neither or both.

    Spellings that people publish: high_noise, high-noise, HighNoise, and HIGH as a word of its own; in small
    letters that word alone says nothing, as in high_detail.
    """
    named = [index for index, word in enumerate(EXPERTS) if _names(path.name, word)]
    return named[0] if len(named) == 1 else None


def _names(text: str, word: str) -> bool:
    return bool(
        re.search(rf"{word}[-_ ]?noise", text, re.IGNORECASE)
        or re.search(rf"(?<![A-Za-z]){word.upper()}(?![A-Za-z])", text)
    )
