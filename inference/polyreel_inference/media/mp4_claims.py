"""How many samples an MP4 file claims to hold, read from its tables before a library believes them.

Tables give a size or a duration for many samples at once, so that two kilobytes can claim millions of frames,
for each of which FFmpeg makes an entry of its own in memory. By ISO/IEC 14496-12.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.limits import MOST_SAMPLES

_CONTAINERS = frozenset(
    {"moov", "trak", "mdia", "minf", "stbl", "moof", "traf", "mvex"}
    | {"edts", "udta", "wave", "sinf", "schi", "tref", "dinf", "gmhd"}
)
_MOST_BOXES = 500_000
"""Six hours in fragments of a second have 200,000."""

_MOST_TABLE_BYTES = 64 * 1024**2
"""Of the runs of samples of a track: one of the allowed length has less, even with a run for each sample."""

_PCM_SAMPLES = 1024
"""Samples of uncompressed sound that FFmpeg keeps as one."""

_DATA_HANDLERS = frozenset({b"alis", b"url "})
"""What QuickTime says beside the kind of a track: where its data lie."""


class _Track:
    """What the tables of a track say; of several of a kind, which only a hostile file has, the worst."""

    def __init__(self) -> None:
        self._sizes = self._chunks = self._table_bytes = 0
        self._runs: list[NDArray[np.float64]] = []
        self._handlers: set[bytes] = set()
        self._durations: set[int] = set()

    def note(self, kind: str, content: "_Content") -> None:
        """Take down what a box of the track says."""
        if kind == "hdlr":
            self._handlers.add(content.read(8, 4))
        elif kind in ("stsz", "stz2"):
            self._sizes = max(self._sizes, content.number(8))
        elif kind in ("stco", "co64"):
            self._chunks = max(self._chunks, content.number(4))
        elif kind == "stts":
            self._durations.add(content.number(12) if content.number(4) == 1 else 0)
        elif kind == "stsc":
            self._table_bytes += content.length
            if self._table_bytes > _MOST_TABLE_BYTES:
                raise UnreadableMedia("The file consists of too many parts.")
            table = content.read(8, (content.length - 8) // 12 * 12)
            self._runs.append(np.frombuffer(table, ">u4").reshape(-1, 3).astype(np.float64))

    def samples(self) -> float:
        """How many samples FFmpeg keeps of it."""
        in_chunks = max((self._in_chunks(runs) for runs in self._runs), default=0.0)
        # One run of samples that last a unit each is uncompressed sound.
        if self._handlers - _DATA_HANDLERS == {b"soun"} and self._durations == {1}:
            return in_chunks / _PCM_SAMPLES + self._chunks
        return max(self._sizes, in_chunks)

    def _in_chunks(self, runs: NDArray[np.float64]) -> float:
        """Samples by the first chunk of each run, counted from 1, and how many a chunk has from there on."""
        ends = np.append(runs[1:, 0], self._chunks + 1)
        return float((np.maximum(ends - runs[:, 0], 0) * runs[:, 1]).sum()) if len(runs) else 0.0


@dataclass(frozen=True)
class _Content:
    """What a box holds; behind the end of the file lie zeros."""

    file: BinaryIO
    start: int
    length: int

    def read(self, offset: int, length: int) -> bytes:
        self.file.seek(self.start + offset)
        return self.file.read(max(0, length)).ljust(max(0, length), b"\0")

    def number(self, offset: int) -> int:
        """An unsigned number of 32 bits."""
        return int.from_bytes(self.read(offset, 4))


def check_claims(path: Path) -> None:
    """Raise `UnreadableMedia` when the file is an MP4 that claims more than `MOST_SAMPLES` samples.

    Other files do not begin like one, and are left alone.
    """
    track = _Track()
    before = 0.0
    with path.open("rb") as file:
        for kind, content in _boxes(file):
            if kind == "trak":
                before += track.samples()
                track = _Track()
            elif kind == "trun":
                before += content.number(4)
            elif kind == "cmov":
                raise UnreadableMedia("The file has a compressed header, which is not read; convert it.")
            else:
                track.note(kind, content)
            if before > MOST_SAMPLES:
                break
    if before + track.samples() > MOST_SAMPLES:
        raise UnreadableMedia(
            f"The file claims to hold more than the {MOST_SAMPLES} samples of picture and sound allowed."
        )


def _boxes(file: BinaryIO) -> Iterator[tuple[str, _Content]]:
    """All boxes in the order of the file, those inside of one behind it, as far as they make sense."""
    start, open_until = 0, [file.seek(0, io.SEEK_END)]
    count = 0
    while open_until:
        if start + 8 > open_until[-1]:
            start = open_until.pop()
            continue
        size, name, large = struct.unpack(">I4sQ", _Content(file, start, 16).read(0, 16))
        kind, content = name.decode("latin-1"), start + 8
        if size == 1:
            size, content = large, start + 16
        # Without a size it reaches to the end; one that stands over is cut, as FFmpeg does.
        end = min(start + size, open_until[-1]) if size else open_until[-1]
        if end < content:
            start = open_until.pop()
            continue
        count += 1
        if count > _MOST_BOXES:
            raise UnreadableMedia("The file consists of too many parts.")
        yield kind, _Content(file, content, end - content)
        if kind in _CONTAINERS:
            open_until.append(end)
            start = content
        else:
            start = end
