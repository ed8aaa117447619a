"""Frames get the colours of the reference: mean and deviation of each channel of L*a*b*."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.reference.color_correction import ColorCorrection
from polyreel_inference.engines.infinitetalk.reference.fitting import as_tensor
from tests.infinitetalk import golden_inputs

# Colours of sRGB in 0..1, and their L*, a*, b* for the white D65 by scikit-image 0.26.
_KNOWN = {
    (1.0, 0.0, 0.0): (53.24, 80.09, 67.20),
    (0.0, 1.0, 0.0): (87.73, -86.18, 83.18),
    (0.0, 0.0, 1.0): (32.30, 79.19, -107.86),
    (0.5, 0.5, 0.5): (53.39, 0.00, 0.00),
    (0.01, 0.02, 0.03): (1.30, -0.31, -1.20),
}


@pytest.fixture
def reference() -> Tensor:
    return as_tensor(golden_inputs.picture(48, 64))


def flat(colour: tuple[float, float, float]) -> Tensor:
    """A picture of one colour in 0..1."""
    return (torch.tensor(colour) * 2 - 1)[:, None, None].expand(3, 8, 8).contiguous()


def test_the_reference_itself_does_not_change(reference: Tensor) -> None:
    frames = reference[:, None].expand(3, 4, 48, 64).contiguous()

    assert (ColorCorrection(reference).apply(frames) - frames).abs().max() < 1e-4


def test_a_drift_is_undone(reference: Tensor) -> None:
    """Where it only scales and shifts the channels of L*a*b*, and nothing was clipped."""
    pale = reference * 0.4
    drifted = pale * 0.5 + torch.tensor([0.2, 0.0, -0.1])[:, None, None]
    tinted = ColorCorrection(drifted).apply(pale[:, None])

    assert (tinted[:, 0] - pale).abs().mean() > 0.05
    assert (ColorCorrection(pale).apply(tinted)[:, 0] - pale).abs().max() < 1e-3


def test_frames_are_corrected_one_by_one(reference: Tensor) -> None:
    correction = ColorCorrection(reference)
    frames = torch.stack([reference * 0.5, reference * 0.2 + 0.3], dim=1)

    corrected = correction.apply(frames)

    assert torch.equal(corrected[:, :1], correction.apply(frames[:, :1]))
    assert torch.equal(corrected[:, 1:], correction.apply(frames[:, 1:]))
    assert not torch.equal(corrected[:, 0], corrected[:, 1])


def test_the_strength_blends(reference: Tensor) -> None:
    frames = (reference * 0.5)[:, None]
    full = ColorCorrection(reference).apply(frames)

    half = ColorCorrection(reference, 0.5).apply(frames)

    assert torch.allclose(half, (frames + full) / 2, atol=1e-5)
    assert torch.equal(ColorCorrection(reference, 0).apply(frames), frames)


@pytest.mark.parametrize("colour", list(_KNOWN))
def test_a_frame_of_one_colour_takes_the_mean_of_the_reference(colour: tuple[float, float, float]) -> None:
    """Which for a reference of one colour is that colour: there and back through L*a*b*."""
    frames = flat((0.3, 0.6, 0.1))[:, None]

    corrected = ColorCorrection(flat(colour)).apply(frames)

    assert (corrected[:, 0] - flat(colour)).abs().max() < 1e-4


@pytest.mark.parametrize(("colour", "lab"), list(_KNOWN.items()))
def test_means_are_those_of_l_a_b(
    colour: tuple[float, float, float], lab: tuple[float, float, float]
) -> None:
    """Two colours in equal parts have the colour between them in L*a*b*, not between them in RGB."""
    both = torch.cat([flat(colour), flat((0.5, 0.5, 0.5))], dim=2)
    between = ColorCorrection(both).apply(flat((0.3, 0.6, 0.1))[:, None])[:, 0, 0, 0]

    wanted = torch.tensor([(lab[0] + 53.39) / 2, lab[1] / 2, lab[2] / 2])
    assert torch.allclose(lab_of(between), wanted, atol=0.05)


def lab_of(value: Tensor) -> Tensor:
    """One colour in -1..1 as L*a*b*, written once more and for bright colours alone."""
    linear = (((value.double() + 1) / 2 + 0.055) / 1.055) ** 2.4
    matrix = torch.tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (matrix.double() @ linear / torch.tensor([0.95047, 1.0, 1.08883])).pow(1 / 3)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)]).float()


def test_the_type_of_the_frames_is_kept(reference: Tensor) -> None:
    frames = (reference * 0.5)[:, None]
    corrected = ColorCorrection(reference).apply(frames.to(torch.bfloat16))

    assert corrected.dtype == torch.bfloat16
    assert (corrected.float() - ColorCorrection(reference).apply(frames)).abs().max() < 0.03


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_strengths_are_from_0_to_1(reference: Tensor, strength: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        ColorCorrection(reference, strength)
