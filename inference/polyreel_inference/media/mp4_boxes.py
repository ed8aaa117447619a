"""The boxes MP4 files are built of, by ISO/IEC 14496-12 (file format), -14 (MP4) and -15 (H.264)."""

import struct
from fractions import Fraction

UNITY_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""Pictures are shown as they are stored."""


def box(kind: str, *content: bytes) -> bytes:
    """A box of four letters with its content."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind.encode()) + body


def full_box(kind: str, version: int, flags: int, *content: bytes) -> bytes:
    """A box that begins with a version and 24 flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def avc_sample_entry(
    width: int,
    height: int,
    configuration: bytes,
    colors: tuple[int, int, int],
    pixel_aspect: Fraction = Fraction(1),
) -> bytes:
    """How H.264 is to be read; `configuration` is the AVCDecoderConfigurationRecord.

    `colors` are primaries, transfer and matrix in the numbers of ITU-T H.273, `pixel_aspect` a pixel's width
    by its height.
    """
    return box(
        "avc1",
        struct.pack(">6xH16xHHII4xH32sHh", 1, width, height, 0x480000, 0x480000, 1, b"", 24, -1),
        box("avcC", configuration),
        box("colr", b"nclx", struct.pack(">HHHB", *colors, 0)),
        box("pasp", struct.pack(">II", pixel_aspect.numerator, pixel_aspect.denominator)),
    )


def aac_sample_entry(sample_rate: int, channels: int, configuration: bytes, bits_per_second: int) -> bytes:
    """How AAC is to be read; `configuration` is the AudioSpecificConfig."""
    decoder = struct.pack(">BBxHII", 0x40, 0x15, 0, bits_per_second, bits_per_second)
    description = _descriptor(
        3,
        struct.pack(">Hx", 0),
        _descriptor(4, decoder, _descriptor(5, configuration)),
        _descriptor(6, b"\x02"),
    )
    return box(
        "mp4a",
        struct.pack(">6xH8xHH4xI", 1, channels, 16, sample_rate << 16),
        full_box("esds", 0, 0, description),
    )


def _descriptor(tag: int, *content: bytes) -> bytes:
    """A descriptor of MPEG-4 Systems; the length goes in seven bits a byte, here always two."""
    body = b"".join(content)
    return struct.pack(">BBB", tag, 0x80 | len(body) >> 7, len(body) & 0x7F) + body
