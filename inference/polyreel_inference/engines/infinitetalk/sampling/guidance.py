"""Guidance in two directions: towards the prompt, and towards the speech."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from torch import Tensor


class Branch(NamedTuple):
    """One forward of a step: with the prompt or the negative prompt, with the speech or silence."""

    prompt: bool
    speech: bool


def branches_of(text_scale: float, audio_scale: float) -> tuple[Branch, ...]:
    """Return the forwards a step needs; a scale of 1 needs no forward to be compared with.

    With both scales these are (prompt, speech), (negative prompt, speech), (negative prompt, silence).
    """
    whole = Branch(prompt=True, speech=True)
    if text_scale == 1:
        return (whole,) if audio_scale == 1 else (whole, Branch(prompt=True, speech=False))
    without_prompt = Branch(prompt=False, speech=True)
    if audio_scale == 1:
        return (whole, without_prompt)
    return (whole, without_prompt, Branch(prompt=False, speech=False))


def differences(
    velocities: Sequence[Tensor], text_scale: float, audio_scale: float
) -> list[tuple[float, Tensor]]:
    """Return what prompt and speech change, each with its scale, from the velocities of `branches_of`.

    From step to step they are in the same order.
    """
    scales = [scale for scale in (text_scale, audio_scale) if scale != 1]
    pairs = pairwise(velocities)
    return [(scale, nearer - farther) for scale, (nearer, farther) in zip(scales, pairs, strict=True)]


class Guidance(Protocol):
    """Makes one velocity of those of all branches. It may remember steps: one object serves one chunk."""

    def combine(self, velocities: Sequence[Tensor]) -> Tensor:
        """Return the guided velocity; all are float32 [1, 16, T, h, w], in the order of `branches_of`."""


class PlainGuidance:
    """Classifier-free guidance (arXiv 2207.12598): u + text_scale * (c - d) + audio_scale * (d - u).

    c, d, u are the velocities with all, without the prompt, and without prompt and speech.
    """

    def __init__(self, text_scale: float, audio_scale: float) -> None:
        self._scales = (text_scale, audio_scale)

    def combine(self, velocities: Sequence[Tensor]) -> Tensor:
        """See `Guidance.combine`."""
        guided = velocities[-1]
        for scale, difference in differences(velocities, *self._scales):
            guided = guided.add(difference, alpha=scale)
        return guided
