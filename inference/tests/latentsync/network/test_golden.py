"""The UNet against the original's."""

import pytest
import torch

from polyreel_inference.engines.latentsync.network.unet import UNet
from tests.latentsync.golden import golden, relative_error
from tests.latentsync.golden_inputs import UNET_CASES, UNET_TIMESTEPS, unet_inputs


@pytest.mark.parametrize(
    ("case", "silent"), [*((case, False) for case in UNET_CASES), ("full", True), ("partial", True)]
)
def test_the_noise_is_the_originals(unet: UNet, case: str, silent: bool) -> None:
    latents, speech = unet_inputs(case)
    if silent:
        speech = torch.zeros_like(speech)
    batch, frames, _ = UNET_CASES[case]
    timestep = torch.tensor([float(UNET_TIMESTEPS[case])])
    with torch.inference_mode():
        noise, _ = unet(latents.transpose(1, 2).flatten(0, 1), timestep, speech, frames)
    found = noise.unflatten(0, (batch, frames)).transpose(1, 2)
    assert relative_error(found, golden("unet")[f"{case}_silent" if silent else case]) < 1e-5
