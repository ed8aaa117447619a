"""The speech of several people laid out in time."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.audio import Samples

AudioMode = Literal["para", "add"]
"""How several people speak: "para" at the same time, "add" one after the other in the order given."""


def arrange_tracks(tracks: Sequence[Samples | None], mode: AudioMode) -> list[Samples]:
    """Return one track per person, all of the same length; None is somebody who says nothing.

    "para" starts all at 0 and fills up the shorter ones with silence, "add" lets each person wait until the
    ones before have finished. Tracks are float32 [samples] at one rate. Raises `EngineError` without speech.
    """
    lengths = [0 if track is None else len(track) for track in tracks]
    if not any(lengths):
        raise EngineError(ErrorCode.INVALID_INPUT, "Nobody speaks: give at least one sound file.")
    starts = [sum(lengths[:person]) for person in range(len(tracks))] if mode == "add" else [0] * len(tracks)
    total = sum(lengths) if mode == "add" else max(lengths)
    arranged = []
    for track, start in zip(tracks, starts, strict=True):
        whole = np.zeros(total, np.float32)
        if track is not None:
            whole[start : start + len(track)] = track
        arranged.append(whole)
    return arranged
