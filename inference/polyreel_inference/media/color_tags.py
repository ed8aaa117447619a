"""What numbers of a video mean as colours, so that a video made from another one says the same."""

from dataclasses import dataclass
from pathlib import Path

from av.video.reformatter import Colorspace

from polyreel_inference.media.container import open_container
from polyreel_inference.media.probe import is_cover

_UNSPECIFIED = 2
# Matrices the conversion knows; BT.601 has two numbers, for 625 and for 525 lines.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
}


@dataclass(frozen=True)
class ColorTags:
    """Primaries, transfer and matrix in the numbers of ITU-T H.273; the defaults are BT.709."""

    primaries: int = 1
    transfer: int = 1
    matrix: int = 1

    def __post_init__(self) -> None:
        if self.matrix not in _MATRICES:
            raise ValueError(f"cannot convert by the colour matrix {self.matrix}")

    @property
    def colorspace(self) -> Colorspace:
        """The matrix as the conversion calls it."""
        return _MATRICES[self.matrix]

    @classmethod
    def of(cls, path: Path) -> "ColorTags":
        """Read the tags of a file's video; BT.709 stands in for what is not said, or cannot be converted by.

        Raises `UnreadableMedia`.
        """
        with open_container(path) as container:
            stream = next((stream for stream in container.streams.video if not is_cover(stream)), None)
            if stream is None:
                return cls()
            codec = stream.codec_context
            primaries, transfer, matrix = codec.color_primaries, codec.color_trc, codec.colorspace
        return cls(
            1 if primaries in (0, _UNSPECIFIED) else int(primaries),
            1 if transfer in (0, _UNSPECIFIED) else int(transfer),
            int(matrix) if matrix in _MATRICES else 1,
        )
