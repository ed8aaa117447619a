"""Which frames chunks make and keep."""

from typing import Any

import pytest

from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import ChunkPlan, plan_chunks


def counts(plan: ChunkPlan) -> tuple[int, int]:
    return len(plan.chunks), plan.frames


@pytest.mark.parametrize(
    ("speech", "chunks"),
    [(1, 1), (5, 1), (80, 1), (81, 1), (82, 2), (153, 2), (154, 3), (267, 4), (1000, 14), (90_000, 1250)],
)
def test_the_video_is_exactly_as_long_as_the_speech(speech: int, chunks: int) -> None:
    assert counts(plan_chunks(speech)) == (chunks, speech)


@pytest.mark.parametrize("speech", [1, 40, 41, 42, 57, 80, 81, 82, 153, 154, 155, 300])
@pytest.mark.parametrize(("frames", "motion"), [(81, 9), (17, 9), (17, 13), (5, 1)])
def test_chunks_follow_each_other_without_gap(speech: int, frames: int, motion: int) -> None:
    plan = plan_chunks(speech, chunk_frames=frames, motion_frames=motion)
    shown = 0
    for before, chunk in zip((None, *plan.chunks), plan.chunks, strict=False):
        assert (chunk.index, chunk.frames) == (0 if before is None else before.index + 1, frames)
        assert chunk.start + chunk.skipped == shown
        assert chunk.skipped == (0 if before is None else before.handed_on)
        if before is not None:
            # What is handed on was made, to the last frame, and is shown.
            assert (before.end - before.handed_on, before.end) == (chunk.start, shown)
        assert chunk.kept > 0
        shown += chunk.kept
    assert shown == speech
    assert plan.chunks[-1].handed_on == 0
    assert plan.chunks[-1].end >= speech


def test_no_more_is_made_than_allowed() -> None:
    assert counts(plan_chunks(1000, most_frames=150)) == (2, 150)
    assert counts(plan_chunks(1000, most_frames=81)) == (1, 81)
    assert counts(plan_chunks(100, most_frames=1000)) == (2, 100)


def test_a_clip_is_one_chunk() -> None:
    assert counts(plan_chunks(1000, mode="clip")) == (1, 81)
    assert counts(plan_chunks(30, mode="clip")) == (1, 30)
    assert counts(plan_chunks(1000, most_frames=50, mode="clip")) == (1, 50)
    assert plan_chunks(1000, mode="clip").chunks[0].handed_on == 0


def test_latent_frames_hold_four_frames_but_the_first() -> None:
    (chunk,) = plan_chunks(81).chunks
    assert chunk.latent_frames == 21


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"chunk_frames": 80}, "whole latents"),
        ({"motion_frames": 8}, "whole latents"),
        ({"chunk_frames": 9}, "adds none"),
        ({"most_frames": 0}, "at least one"),
    ],
)
def test_lengths_that_make_no_video_are_refused(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        plan_chunks(100, **arguments)
