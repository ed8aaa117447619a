"""The UNet against diffusers' network with the norms of LatentSync."""

from typing import cast

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.latentsync.network.unet import UNet
from tests.checkpoints.latentsync import LatentSyncFiles
from tests.checkpoints.latentsync_sizes import UNET
from tests.latentsync.network.reference_unet import reference_noise, reference_unet

SKIPPED = UNET["block_out_channels"][0]
"""Channels that the last layer sees of the first convolution."""


def _inputs(chunks: int, frames: int, seed: int = 0, size: tuple[int, int] = (8, 8)) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(chunks * frames, 13, *size, generator=generator)
    return x, torch.randn(chunks * frames, 50, 384, generator=generator)


def _assert_equal(found: Tensor, expected: Tensor, tolerance: float = 1e-5) -> None:
    assert found.shape == expected.shape
    assert float(expected.std()) > 0.05
    assert float((found - expected).norm() / expected.norm()) < tolerance


@torch.inference_mode()
def _noise(unet: UNet, x: Tensor, timestep: int, audio: Tensor, frames: int) -> Tensor:
    noise: Tensor = unet(x, torch.tensor([float(timestep)]), audio, frames)[0]
    return noise


@pytest.mark.parametrize(("chunks", "frames", "size"), [(1, 16, (8, 8)), (2, 5, (8, 16)), (1, 1, (8, 8))])
def test_equals_diffusers_with_the_norms_of_latentsync(
    files: LatentSyncFiles, unet: UNet, chunks: int, frames: int, size: tuple[int, int]
) -> None:
    x, audio = _inputs(chunks, frames, size=size)
    theirs = reference_unet(files.unet, frames)
    for timestep in (951, 1):
        found = _noise(unet, x, timestep, audio, frames)
        _assert_equal(found, reference_noise(theirs, x, timestep, audio, frames))


def test_reuse_goes_on_from_the_deep_features_of_another_step(files: LatentSyncFiles, unet: UNet) -> None:
    frames = 6
    before, audio = _inputs(1, frames, seed=1)
    now, _ = _inputs(1, frames, seed=2)
    theirs = reference_unet(files.unet, frames)
    entered: list[Tensor] = []

    last = theirs.up_blocks[-1].resnets[-1]
    unchanged = last.forward

    def run_on_what_entered_first(input_tensor: Tensor, temb: Tensor) -> Tensor:
        entered.append(input_tensor)
        skip = input_tensor[:, -SKIPPED:]
        return cast(Tensor, unchanged(torch.cat([entered[0][:, :-SKIPPED], skip], dim=1), temb))

    last.forward = run_on_what_entered_first
    reference_noise(theirs, before, 901, audio, frames)
    expected = reference_noise(theirs, now, 851, audio, frames)

    with torch.inference_mode():
        _, deep = unet(before, torch.tensor([901.0]), audio, frames)
        found = unet.reuse(deep, now, torch.tensor([851.0]), audio, frames)
    _assert_equal(found, expected)


def test_reuse_of_the_same_step_changes_nothing(unet: UNet) -> None:
    x, audio = _inputs(2, 3)
    time = torch.tensor([101.0])
    with torch.inference_mode():
        noise, deep = unet(x, time, audio, 3)
        assert torch.equal(unet.reuse(deep, x, time, audio, 3), noise)


def test_frames_see_their_own_chunk_and_no_other(unet: UNet) -> None:
    x, audio = _inputs(2, 4)
    changed = x.clone()
    changed[0] += 1.0
    whole, other = (_noise(unet, one, 501, audio, 4) for one in (x, changed))
    alone = _noise(unet, x[4:], 501, audio[4:], 4)

    assert all(not torch.allclose(whole[frame], other[frame], atol=1e-3) for frame in range(4))
    torch.testing.assert_close(other[4:], whole[4:], rtol=0, atol=1e-5)
    torch.testing.assert_close(alone, whole[4:], rtol=0, atol=1e-5)


def test_every_frame_hears_its_own_sound(unet: UNet) -> None:
    x, audio = _inputs(1, 4)
    quiet = audio.clone()
    quiet[2] = 0
    difference = (_noise(unet, x, 501, audio, 4) - _noise(unet, x, 501, quiet, 4)).flatten(1).norm(dim=1)
    assert int(difference.argmax()) == 2
    assert float(difference[2]) > 1e-2
