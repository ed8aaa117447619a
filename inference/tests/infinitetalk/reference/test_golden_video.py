"""Which frame of a video at 25 per second each chunk refers to, as the original has it."""

from pathlib import Path

import pytest

from polyreel_inference.engines.infinitetalk.reference.source import VideoReference
from tests.infinitetalk.golden import golden
from tests.media.clips import constant, number_of, write_video


@pytest.mark.parametrize("frames", [60, 20])
def test_chunks_refer_to_the_frames_the_originals_do(tmp_path: Path, frames: int) -> None:
    wanted = golden("conditions")[f"video_frames_of_{frames}"].tolist()
    reference = VideoReference(write_video(tmp_path / "film.mp4", constant(25, frames)))

    # Chunks of 17 frames, of which 9 repeat those before.
    assert [number_of(reference.picture(8 * chunk)) for chunk in range(len(wanted))] == wanted
