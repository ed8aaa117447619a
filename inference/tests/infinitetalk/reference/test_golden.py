"""Sizes, fitted pictures, frames of videos and colours, against the original's numbers."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.reference.buckets import VideoSize, bucket_for
from polyreel_inference.engines.infinitetalk.reference.color_correction import ColorCorrection
from polyreel_inference.engines.infinitetalk.reference.fitting import as_tensor, fit_picture
from tests.infinitetalk.golden import assert_close, golden
from tests.infinitetalk.golden_inputs import clip, picture, values


@pytest.mark.parametrize("case", range(26))
def test_sizes_are_those_of_the_original(case: int) -> None:
    row: list[int] = golden("conditions")["buckets"][case].tolist()
    height, width = row[:2]

    assert bucket_for(width, height, "480p") == VideoSize(width=row[3], height=row[2])
    assert bucket_for(width, height, "720p") == VideoSize(width=row[5], height=row[4])


@pytest.mark.parametrize(
    "name",
    ["same_70x80", "wide_70x80", "tall_70x80", "big_150x131", "tall_131x60", "odd_33x47"],
)
def test_pictures_are_fitted_alike(name: str) -> None:
    source_height, source_width = map(int, name.partition("_")[2].split("x"))
    wanted = golden("conditions")[f"reference_{name}"]
    height, width = wanted.shape[1:]

    fitted = fit_picture(picture(source_height, source_width), width, height)

    assert torch.equal(torch.from_numpy(fitted).permute(2, 0, 1), wanted)
    assert (as_tensor(fitted) - (wanted / 255 * 2 - 1)).abs().max() < 1e-6


@pytest.fixture
def frames() -> Tensor:
    """Four frames: as they are, of one colour, dark and pale, and beyond the range of the screen."""
    shown = torch.from_numpy(clip(4, 24, 32)).permute(3, 0, 1, 2).float() / 127.5 - 1
    shown[:, 1] = 0.25
    shown[:, 2] = shown[:, 2] * 0.2 - 0.7
    shown[0, 3] *= 1.4
    return shown


@pytest.fixture
def reference() -> Tensor:
    return torch.from_numpy(picture(24, 32, 9)).permute(2, 0, 1).float() / 127.5 - 1


@pytest.mark.parametrize(("strength", "name"), [(1.0, "corrected_100"), (0.5, "corrected_50")])
def test_colours_are_corrected_alike(frames: Tensor, reference: Tensor, strength: float, name: str) -> None:
    assert_close(ColorCorrection(reference, strength).apply(frames), golden("color")[name])


def test_colours_are_corrected_alike_towards_a_single_one(frames: Tensor, reference: Tensor) -> None:
    correction = ColorCorrection(torch.full_like(reference, -0.3))

    assert_close(correction.apply(frames), golden("color")["corrected_to_flat"])


def test_colours_are_corrected_alike_towards_noise(frames: Tensor) -> None:
    correction = ColorCorrection(values("bright reference", 3, 24, 32).clamp(-1, 1))

    assert_close(correction.apply(frames), golden("color")["corrected_to_noise"])
