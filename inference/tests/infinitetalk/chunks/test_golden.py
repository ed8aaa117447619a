"""How many chunks and frames a video has, beside the original's."""

import pytest

from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import plan_chunks
from tests.infinitetalk.golden import golden

CASES = [case for case in golden("chunks")["cases"].tolist() if case[1] in (0, case[0])]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_a_video_has_as_many_chunks_and_frames_as_the_originals(case: list[int]) -> None:
    speech, _, chunk, motion, most, chunks, frames = case
    plan = plan_chunks(speech, most_frames=most, chunk_frames=chunk, motion_frames=motion)

    assert len(plan.chunks) == chunks
    assert sum(plan.kept) == frames
