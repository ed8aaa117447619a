"""Files of a few bytes that claim millions of samples, and honest ones, which stay readable."""

import struct
from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.media import mp4_claims
from polyreel_inference.media.audio import audio_duration
from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.mp4_boxes import box
from polyreel_inference.media.mp4_claims import check_claims
from polyreel_inference.media.probe import probe
from tests.media.clips import constant, ffmpeg, write_video, write_wav

MILLIONS = 30_000_000
ANYTHING = struct.pack(">I", 0)


def table(kind: str, *numbers: int) -> bytes:
    """A table: version and flags, then numbers of 32 bits."""
    return box(kind, ANYTHING, struct.pack(f">{len(numbers)}I", *numbers))


def track(*tables: bytes, handler: bytes = b"vide") -> bytes:
    """A track that has these tables."""
    media = box("hdlr", ANYTHING, ANYTHING, handler)
    return box("trak", box("mdia", media, box("minf", box("stbl", *tables))))


def saved(path: Path, *boxes: bytes) -> Path:
    path.write_bytes(box("ftyp", b"isom") + b"".join(boxes))
    return path


CONSTANT_SIZES = track(table("stsz", 1, MILLIONS))
MANY_IN_A_CHUNK = track(table("stsc", 1, 1, MILLIONS, 1), table("stco", 1, 0))
RUN_AFTER_RUN = track(table("stsc", 2, 1, 1, 1, 3, MILLIONS // 2, 1), table("stco", 4, 0, 0, 0, 0))
BIG_SOUND = track(table("stts", 1, MILLIONS, 1024), table("stsz", 1, MILLIONS), handler=b"soun")
SOUND_AND_PICTURE = track(
    table("stts", 1, MILLIONS, 1), box("hdlr", ANYTHING, ANYTHING, b"soun"), table("stsz", 1, MILLIONS)
)
FRAGMENTS = box("moof", box("traf", table("trun", MILLIONS)))


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param([box("moov", CONSTANT_SIZES)], id="constant sizes"),
        pytest.param([box("moov", MANY_IN_A_CHUNK)], id="in a chunk"),
        pytest.param([box("moov", RUN_AFTER_RUN)], id="in the last chunks"),
        pytest.param([box("moov", BIG_SOUND)], id="sound"),
        pytest.param([box("moov", SOUND_AND_PICTURE)], id="sound that is none"),
        pytest.param([box("moov", *[track(table("stsz", 1, 3_000_000))] * 3)], id="several tracks"),
        pytest.param([FRAGMENTS], id="fragments"),
        pytest.param([box("moov")[:3] + b"\0moov" + CONSTANT_SIZES], id="up to the end"),
        pytest.param([struct.pack(">I4sQ", 1, b"moov", 999) + CONSTANT_SIZES], id="size of 64 bits"),
        pytest.param([box("moov", box("cmov"))], id="compressed"),
    ],
)
def test_files_that_claim_what_no_memory_holds_are_refused(tmp_path: Path, boxes: list[bytes]) -> None:
    path = saved(tmp_path / "claims.mp4", *boxes)
    with pytest.raises(UnreadableMedia, match=r"claims to hold|compressed"):
        check_claims(path)
    with pytest.raises(UnreadableMedia, match=r"claims to hold|compressed"):
        probe(path)


def test_a_file_of_nothing_but_boxes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mp4_claims, "_MOST_BOXES", 100)
    with pytest.raises(UnreadableMedia, match="too many parts"):
        check_claims(saved(tmp_path / "boxes.mp4", *[box("free")] * 100))
    monkeypatch.setattr(mp4_claims, "_MOST_TABLE_BYTES", 100)
    runs = table("stsc", 2, 1, 1, 1, 2, 1, 1)
    with pytest.raises(UnreadableMedia, match="too many parts"):
        check_claims(saved(tmp_path / "tables.mp4", box("moov", track(runs, runs, runs, runs))))


@pytest.mark.parametrize("content", [b"", b"\0\0", bytes(100), b"RIFF" * 9, b"\0\0\0\1moov", b"\xff" * 64])
def test_what_is_no_mp4_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    check_claims(path)


def test_uncompressed_sound_may_have_a_sample_for_each_instant(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "s.wav", [np.zeros(9_000_000, np.float32)], 96_000)
    ffmpeg("-i", sound, "-c:a", "pcm_s16le", tmp_path / "s.mov")
    assert audio_duration(tmp_path / "s.mov") == pytest.approx(93.75, abs=0.01)


def test_a_video_of_many_frames_is_read(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", constant(25, 60))
    ffmpeg("-i", path, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", tmp_path / "f.mp4")
    for file in (path, tmp_path / "f.mp4"):
        check_claims(file)
