"""Chunks on a stand-in for Gaudi: equal to the CPU's in both modes, by the calls that are meant."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.habana import load_habana
from polyreel_inference.devices.hpu import HpuBackend
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import Networks, load_networks
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import ChunkDenoiser, DenoiseSettings
from polyreel_inference.engines.latentsync.synthesis.crop_autoencoder import CropAutoencoder
from tests.devices import fake_habana
from tests.devices.device_numbers import DeviceNumbers
from tests.devices.gaudi_modes import counted, gaudi
from tests.latentsync.synthesis.making import made, request, synthesizer

STEPS, FULL = 4, 2
ASKED = request((4, 2), DenoiseSettings(STEPS, 1.5, 3))
CHUNKS = len(ASKED.chunks)

# Levels with attention have 2 layers on the way down and 3 on the way up, the middle has one; motion is
# everywhere but in the middle, twice a layer. Reused features leave the last layer.
SPATIAL, MOTION = 3 * 2 + 1 + 3 * 3, 2 * (4 * 2 + 4 * 3)


@pytest.fixture(scope="module")
def on_the_cpu(networks: Networks) -> list[Tensor]:
    return made(synthesizer(networks), ASKED)


def _on(backend: Backend, folder: LatentSyncFolder) -> list[Tensor]:
    return made(synthesizer(load_networks(folder, backend), backend), ASKED)


@pytest.mark.parametrize("lazy", [True, False])
def test_both_modes_equal_the_cpu(on_the_cpu: list[Tensor], folder: LatentSyncFolder, lazy: bool) -> None:
    with gaudi(lazy=lazy, exact=True) as backend:
        found = _on(backend, folder)
    for crops, expected in zip(found, on_the_cpu, strict=True):
        torch.testing.assert_close(crops, expected, rtol=0, atol=1e-4)


def test_few_keys_are_attended_exactly_and_a_graph_ends_with_every_step(folder: LatentSyncFolder) -> None:
    with gaudi(lazy=True) as backend:
        _on(backend, folder)
        found = counted()
    shallow = STEPS - FULL
    # Fast: places of a frame among each other. Exact: speech, and frames among each other.
    assert found["FusedSDPA fast"] == CHUNKS * (FULL * SPATIAL + shallow)
    assert found["FusedSDPA None"] == CHUNKS * (FULL * (SPATIAL + MOTION) + shallow * 3)
    # Besides the steps: the masked crops, the whole ones, and the decoding.
    assert found["mark_step"] == CHUNKS * (STEPS + 3)
    assert found["synchronize"] == CHUNKS * STEPS


def test_the_device_computes_no_64_bit_or_complex_numbers_and_is_never_read_back(
    folder: LatentSyncFolder,
) -> None:
    """A device without storage computes shapes and types alone; asking it for a number is an error."""
    chunk = ASKED.chunks[0]
    with fake_habana.installed(), DeviceNumbers() as device:
        backend = HpuBackend(load_habana(), torch.device("meta"))
        networks = load_networks(folder, backend)
        autoencoder = CropAutoencoder(networks.autoencoder, backend)
        pictures = chunk.crops.to("meta").float()
        known = [autoencoder.encode(pictures, noise) for noise in (chunk.masked_noise, chunk.crop_noise)]
        conditions = torch.cat([known[0][:, :1], *known], dim=1)[None]
        latents = ChunkDenoiser(networks.unet, backend).run(
            torch.empty(1, *chunk.masked_noise.shape, device="meta"),
            conditions,
            chunk.audio[None].to("meta"),
            ASKED.settings,
            lambda _: None,
        )
        decoded = autoencoder.decode(latents[0])
    assert decoded.shape == chunk.crops.shape
    assert device.operations > 1000
