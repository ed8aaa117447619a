"""The whole generations of golden/loops.npz: what each was asked for, and the comparison with it."""

from dataclasses import dataclass

from torch import Tensor

from tests.infinitetalk.golden import assert_close, golden, signal_to_noise

SOURCE = (70, 80)
"""Height and width of the picture or video that is referred to."""
SIZE = (64, 64)
CHUNK = 17
"""Frames of a chunk."""

# Boxes in rows and columns of the source: first row, first column, last row, last column.
Boxes = tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Loop:
    """One generation from PROMPT and NEGATIVE_PROMPT.

    Person K speaks `embedding(f"person {K}", frames)`; one person is made with the single checkpoint, two
    with the multi checkpoint. The reference is `picture(*SOURCE)`, or `clip(video_frames, *SOURCE)` at 25
    frames a second. `projection` is the largest norm of projected guidance, None without; `most_frames` as
    many as a chunk has is a single chunk.
    """

    people: int = 1
    frames: int = 25
    most_frames: int = 1000
    steps: int = 2
    shift: float = 7.0
    seed: int = 42
    text_guidance: float = 5.0
    audio_guidance: float = 4.0
    projection: float | None = None
    color_correction: float = 1.0
    motion_frames: int = 9
    video_frames: int | None = None
    boxes: Boxes = ()


LOOPS = {
    "one": Loop(frames=40, steps=3),
    "two": Loop(people=2, frames=40, steps=3),
    "one_text_off": Loop(text_guidance=1.0, audio_guidance=2.0),
    "one_apg": Loop(steps=3, projection=55.0),
    "one_apg_text_off": Loop(steps=3, projection=10.0, text_guidance=1.0, audio_guidance=2.0),
    "one_uncorrected": Loop(color_correction=0.0),
    "one_half_corrected": Loop(color_correction=0.5, motion_frames=5),
    "one_video": Loop(frames=33, video_frames=60),
    "one_clip": Loop(frames=40, most_frames=17),
    "one_limited": Loop(frames=40, most_frames=20, seed=7, shift=11.0),
    "two_text_off": Loop(people=2, text_guidance=1.0, audio_guidance=2.0),
    "two_apg": Loop(people=2, steps=3, projection=10.0),
    "two_boxes": Loop(people=2, frames=40, most_frames=17, boxes=((17, 48, 70, 76), (8, 8, 61, 32))),
}


def assert_same_video(found: Tensor, name: str, decibels: float = 90.0) -> None:
    """Compare frames [3, N, 64, 64] in -1..1 with those of the original: pixels, and statistics of all."""
    wanted = golden("loops")
    assert found.shape == (*wanted[f"{name}_means"].shape, *SIZE)
    reached = signal_to_noise(found[:, :, 1::4, 1::4], wanted[name])
    assert reached > decibels, f"{name}: {reached:.1f} dB"
    assert_close(found.double().mean((2, 3)), wanted[f"{name}_means"])
    assert_close(found.double().square().mean((2, 3)), wanted[f"{name}_squares"])
