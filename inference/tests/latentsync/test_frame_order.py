from itertools import chain

import pytest

from polyreel_inference.engines.latentsync.frame_order import FrameOrder


def test_a_short_source_runs_to_and_fro_with_both_ends_doubled() -> None:
    order = FrameOrder(frames=8, source_frames=3, fps=25)
    assert [order.source(frame) for frame in range(8)] == [0, 1, 2, 2, 1, 0, 0, 1]
    assert order.distinct == 3


def test_a_long_source_is_cut() -> None:
    order = FrameOrder(frames=4, source_frames=9, fps=25)
    assert [order.source(frame) for frame in range(4)] == [0, 1, 2, 3]
    assert order.distinct == 4


@pytest.mark.parametrize(("fps", "stride"), [(12, 1), (24, 1), (25, 1), (30, 1), (50, 2), (60, 2), (120, 5)])
def test_chunks_hold_frames_at_about_the_pace_the_network_knows(fps: float, stride: int) -> None:
    order = FrameOrder(frames=1000, source_frames=1000, fps=fps)
    chunks = list(chain.from_iterable(order.groups()))
    assert {chunk.step for chunk in chunks} == {stride}
    assert max(map(len, chunks)) == 16


@pytest.mark.parametrize("frames", [1, 2, 31, 32, 33, 35, 64])
def test_every_frame_is_in_one_chunk_and_groups_follow_each_other(frames: int) -> None:
    order = FrameOrder(frames=frames, source_frames=10, fps=60)
    groups = [sorted(chain.from_iterable(group)) for group in order.groups()]
    assert list(chain.from_iterable(groups)) == list(range(frames))
    assert all(all(chunk for chunk in group) for group in order.groups())


def test_at_the_pace_of_the_network_chunks_are_sixteen_frames_in_a_row() -> None:
    order = FrameOrder(frames=37, source_frames=10, fps=25)
    assert list(order.groups()) == [[range(16)], [range(16, 32)], [range(32, 37)]]


def test_features_are_those_of_the_time_of_the_frame() -> None:
    order = FrameOrder(frames=100, source_frames=100, fps=30)
    assert [order.feature(frame) for frame in (0, 1, 2, 3, 30)] == [0, 1, 3, 5, 50]
    assert FrameOrder(frames=9, source_frames=9, fps=25).feature(8) == 16


@pytest.mark.parametrize("fps", [24000 / 1001, 24, 25, 30000 / 1001, 30, 50, 60])
def test_a_frame_that_begins_with_a_feature_gets_that_one(fps: float) -> None:
    order = FrameOrder(frames=10_000, source_frames=10_000, fps=fps)
    assert [order.feature(frame) for frame in range(10_000)] == [
        int(frame * 50 / fps) for frame in range(10_000)
    ]
