"""ColorTags: what stands in for tags that are missing."""

from pathlib import Path

import pytest

from polyreel_inference.media.color_tags import ColorTags
from tests.media.clips import constant, ffmpeg, tone, write_video, write_wav


def test_a_file_that_says_nothing_counts_as_bt709(tmp_path: Path) -> None:
    assert ColorTags.of(write_video(tmp_path / "plain.mp4", constant(25, 2))) == ColorTags(1, 1, 1)


def test_sound_alone_has_the_usual_colours(tmp_path: Path) -> None:
    assert ColorTags.of(write_wav(tmp_path / "s.wav", [tone(0.1, 8000)], 8000)) == ColorTags()


def test_each_missing_tag_is_filled_by_itself(tmp_path: Path) -> None:
    plain, tagged = write_video(tmp_path / "plain.mp4", constant(25, 2)), tmp_path / "tagged.mp4"
    tags = "h264_metadata=colour_primaries=5:matrix_coefficients=5"
    ffmpeg("-i", plain, "-c", "copy", "-bsf:v", tags, tagged)
    assert ColorTags.of(tagged) == ColorTags(5, 1, 5)


def test_a_matrix_that_cannot_be_converted_by_is_refused() -> None:
    with pytest.raises(ValueError, match="matrix 8"):
        ColorTags(1, 1, 8)
