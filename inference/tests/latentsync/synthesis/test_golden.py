"""Whole chunks, from crops and speech to crops, against the original's."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.checkpoint.loading import Networks
from polyreel_inference.engines.latentsync.network.unet_sizes import CHUNK_FRAMES
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DenoiseSettings
from polyreel_inference.engines.latentsync.synthesis.chunk import JobNoise
from polyreel_inference.engines.latentsync.synthesis.crop_autoencoder import CropAutoencoder
from tests.latentsync.golden import golden, relative_error
from tests.latentsync.golden_inputs import SAMPLINGS
from tests.latentsync.synthesis.making import RESOLUTION, SEED, made, mask, request, synthesizer

LENGTHS = (CHUNK_FRAMES, 5)


def test_the_noise_is_the_originals() -> None:
    # Processors without AVX2 round the logarithms and sines of normal numbers in another way.
    assert relative_error(JobNoise(SEED, RESOLUTION).noise, golden("sampling")["noise"]) < 1e-5


@pytest.mark.parametrize("name", SAMPLINGS)
def test_the_crops_are_the_originals(name: str, networks: Networks) -> None:
    steps, scale, cached = SAMPLINGS[name]
    asked = request(LENGTHS, DenoiseSettings(steps, scale, 3 if cached else 1))
    crops = torch.cat(made(synthesizer(networks), asked))
    stored = golden("sampling")

    assert relative_error(crops[..., ::4, 1::4], stored[f"{name}_crops"]) < 1e-4
    assert relative_error(crops.double().mean(dim=(1, 2, 3)), stored[f"{name}_crops_mean"]) < 1e-4


def test_the_network_sees_what_the_original_shows_it(networks: Networks) -> None:
    autoencoder = CropAutoencoder(networks.autoencoder, CpuBackend())
    asked = request(LENGTHS, DenoiseSettings(1))
    for number, chunk in enumerate(asked.chunks, start=1):
        pictures = chunk.crops.float() / 127.5 - 1
        seen: list[Tensor] = [
            asked.noise.expand(chunk.frames, -1, -1, -1),
            mask()[::8, ::8].expand(chunk.frames, 1, -1, -1),
            autoencoder.encode(pictures * mask(), chunk.masked_noise),
            autoencoder.encode(pictures, chunk.crop_noise),
        ]
        found = torch.cat(seen, dim=1).transpose(0, 1)
        assert relative_error(found, golden("sampling")[f"inputs_{number}"]) < 1e-5
