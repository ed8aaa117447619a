"""The layout of fragmented MP4: a beginning that announces the whole, fragments, and an index at the end.

By ISO/IEC 14496-12. The length stands in the beginning already (`mehd`), so players show it from the first
fragment on, and the index (`mfra`) lets them jump once the file is complete.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from polyreel_inference.media.mp4_boxes import UNITY_MATRIX, box, full_box

_SYNC_SAMPLE, _DEPENDENT_SAMPLE = 0x02000000, 0x01010000
_TRACK_SHOWN = 0x3
_DEFAULT_BASE_IS_MOOF = 0x20000
_DATA_OFFSET, _DURATIONS, _SIZES, _FLAGS, _OFFSETS = 0x1, 0x100, 0x200, 0x400, 0x800
_LANGUAGE_UNDETERMINED = 0x55C4


@dataclass(frozen=True)
class Sample:
    """An encoded picture or piece of sound; `duration` and `offset` in units of its track's timescale.

    It is decoded `duration` after the sample before it, and shown `offset` later. `sync`: decoding can begin
    here.
    """

    data: bytes
    duration: int
    offset: int = 0
    sync: bool = True


@dataclass(frozen=True)
class Track:
    """A track of pictures, shown that wide and high, or of sound when it has no size.

    `timescale` units make a second; after `skip` of them (the encoder's delay) it is shown or heard.
    """

    timescale: int
    sample_entry: bytes
    width: int = 0
    height: int = 0
    skip: int = 0


class FragmentedMp4:
    """Puts a file together piece by piece; every method returns the bytes that follow those before.

    The first track is the one the index is made for. `duration` is that of the whole, in units of its
    timescale.
    """

    def __init__(self, tracks: Sequence[Track], duration: int) -> None:
        self._tracks = tracks
        self._duration = duration
        self._times = [0] * len(tracks)
        self._written = 0
        self._entries: list[tuple[int, int]] = []

    def beginning(self) -> bytes:
        """The description of the tracks, with no samples yet."""
        scale = self._tracks[0].timescale
        header = struct.pack(">IIIIIH10x", 0, 0, scale, 0, 0x10000, 0x100)
        moov = box(
            "moov",
            full_box("mvhd", 0, 0, header, UNITY_MATRIX, bytes(24), struct.pack(">I", len(self._tracks) + 1)),
            *(self._trak(number, track) for number, track in enumerate(self._tracks, 1)),
            box(
                "mvex",
                full_box("mehd", 1, 0, struct.pack(">Q", self._duration)),
                *(
                    full_box("trex", 0, 0, struct.pack(">IIIII", number, 1, 0, 0, 0))
                    for number in range(1, len(self._tracks) + 1)
                ),
            ),
        )
        return self._counted(box("ftyp", b"iso6", struct.pack(">I", 0), b"iso6isommp41") + moov)

    def fragment(self, samples: Sequence[Sequence[Sample]]) -> bytes:
        """The next samples of each track, of which the first begins with one that can be decoded alone."""
        self._entries.append((self._times[0], self._written))
        data = [b"".join(sample.data for sample in of_track) for of_track in samples]
        # The header's length does not depend on the offsets in it, so it is built twice.
        length = len(self._moof(samples, [0] * len(data)))
        starts = [length + 8 + sum(map(len, data[:index])) for index in range(len(data))]
        moof = self._moof(samples, starts)
        for index, of_track in enumerate(samples):
            self._times[index] += sum(sample.duration for sample in of_track)
        return self._counted(moof + box("mdat", *data))

    def end(self) -> bytes:
        """The index of the fragments."""
        rows = b"".join(struct.pack(">QQBBB", time, place, 1, 1, 1) for time, place in self._entries)
        header = struct.pack(">III", 1, 0, len(self._entries))
        tfra = full_box("tfra", 1, 0, header, rows)
        size = 8 + len(tfra) + 16
        return self._counted(box("mfra", tfra, full_box("mfro", 0, 0, struct.pack(">I", size))))

    def _trak(self, number: int, track: Track) -> bytes:
        loud = 0 if track.width else 0x100
        place = struct.pack(">III4xI8xHHH2x", 0, 0, number, 0, 0, 0, loud)
        size = struct.pack(">II", track.width << 16, track.height << 16)
        media = struct.pack(">IIIIHH", 0, 0, track.timescale, 0, _LANGUAGE_UNDETERMINED, 0)
        kind, name = (b"vide", b"VideoHandler\0") if track.width else (b"soun", b"SoundHandler\0")
        return box(
            "trak",
            full_box("tkhd", 0, _TRACK_SHOWN, place, UNITY_MATRIX, size),
            *([self._edit_list(track.skip)] if track.skip else []),
            box(
                "mdia",
                full_box("mdhd", 0, 0, media),
                full_box("hdlr", 0, 0, struct.pack(">4x4s12x", kind), name),
                box("minf", _media_header(track), _SELF_CONTAINED, _sample_table(track)),
            ),
        )

    def _edit_list(self, skip: int) -> bytes:
        return box("edts", full_box("elst", 1, 0, struct.pack(">IQqhh", 1, self._duration, skip, 1, 0)))

    def _moof(self, samples: Sequence[Sequence[Sample]], starts: Sequence[int]) -> bytes:
        sequence = full_box("mfhd", 0, 0, struct.pack(">I", len(self._entries)))
        parts = enumerate(zip(samples, starts, self._times, strict=True), 1)
        return box("moof", sequence, *(_traf(number, *part) for number, part in parts))

    def _counted(self, data: bytes) -> bytes:
        self._written += len(data)
        return data


_SELF_CONTAINED = box("dinf", full_box("dref", 0, 0, struct.pack(">I", 1), full_box("url ", 0, 1)))


def _media_header(track: Track) -> bytes:
    return full_box("vmhd", 0, 1, bytes(8)) if track.width else full_box("smhd", 0, 0, bytes(4))


def _sample_table(track: Track) -> bytes:
    none = struct.pack(">I", 0)
    return box(
        "stbl",
        full_box("stsd", 0, 0, struct.pack(">I", 1), track.sample_entry),
        full_box("stts", 0, 0, none),
        full_box("stsc", 0, 0, none),
        full_box("stsz", 0, 0, none, none),
        full_box("stco", 0, 0, none),
    )


def _traf(number: int, samples: Sequence[Sample], start: int, time: int) -> bytes:
    flags = _DATA_OFFSET | _DURATIONS | _SIZES | _FLAGS | _OFFSETS
    rows = b"".join(
        struct.pack(
            ">IIII",
            sample.duration,
            len(sample.data),
            _SYNC_SAMPLE if sample.sync else _DEPENDENT_SAMPLE,
            sample.offset,
        )
        for sample in samples
    )
    return box(
        "traf",
        full_box("tfhd", 0, _DEFAULT_BASE_IS_MOOF, struct.pack(">I", number)),
        full_box("tfdt", 1, 0, struct.pack(">Q", time)),
        full_box("trun", 0, flags, struct.pack(">Ii", len(samples), start), rows),
    )
