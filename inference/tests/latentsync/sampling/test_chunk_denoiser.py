"""Steps, guidance and cache, with a network whose answers are known."""

from typing import Any, cast

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.network.unet import UNet
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import ChunkDenoiser, DenoiseSettings
from polyreel_inference.engines.latentsync.sampling.ddim import DdimSchedule
from tests.latentsync.sampling.counting_unet import CountingUNet


def _inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(4)
    return {
        "latents": torch.randn(2, 3, 4, 8, 8, generator=generator),
        "conditions": torch.randn(2, 3, 9, 8, 8, generator=generator),
        "audio": torch.randn(2, 3, 50, 384, generator=generator) + 0.2,
    }


def _run(settings: DenoiseSettings, unet: CountingUNet, passed: list[int] | None = None) -> Tensor:
    denoiser = ChunkDenoiser(cast(UNet, unet), CpuBackend())
    steps: list[int] = [] if passed is None else passed
    return denoiser.run(**_inputs(), settings=settings, before_step=steps.append)


def _expected(settings: DenoiseSettings) -> Tensor:
    """The formulas written out: noise of silence, plus the scale times what speech adds to it."""
    given = _inputs()
    schedule = DdimSchedule.of(settings.steps)
    latents, heard = given["latents"], given["audio"].mean(dim=(2, 3))[..., None, None, None]
    for index in range(settings.steps):
        deep = schedule.timesteps[index - index % settings.cache_interval]
        silent = 0.5 * latents + 0.1 * given["conditions"][:, :, 1:5] + torch.tanh(deep / 1000)
        scale = settings.guidance_scale if settings.guidance_scale > 1 else 1.0
        latents = schedule.step(index, latents, silent + scale * heard)
    return latents


@pytest.mark.parametrize("interval", [1, 2, 3])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1.5, 3.0])
def test_equals_the_formulas(scale: float, interval: int) -> None:
    settings = DenoiseSettings(7, scale, interval)
    torch.testing.assert_close(_run(settings, CountingUNet()), _expected(settings))


@pytest.mark.parametrize(("scale", "batch"), [(1.0, 2), (1.01, 4)])
def test_only_guidance_computes_chunks_without_speech(scale: float, batch: int) -> None:
    unet = CountingUNet()
    _run(DenoiseSettings(2, scale), unet)
    assert unet.batches == [batch, batch]


def test_every_third_step_of_twenty_is_computed_whole() -> None:
    unet, passed = CountingUNet(), list[int]()
    _run(DenoiseSettings(20, 1.0, 3), unet, passed)
    kinds = [kind for kind, _ in unet.calls]

    assert kinds == ["full" if index % 3 == 0 else "reuse" for index in range(20)]
    assert kinds.count("full") == 7
    assert [timestep for _, timestep in unet.calls] == [951.0 - 50 * index for index in range(20)]
    assert passed == list(range(20))


def test_what_is_raised_before_a_step_ends_the_run() -> None:
    unet = CountingUNet()

    def cancel(done: int) -> None:
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        ChunkDenoiser(cast(UNet, unet), CpuBackend()).run(
            **_inputs(), settings=DenoiseSettings(5), before_step=cancel
        )
    assert len(unet.calls) == 2


def test_latents_stay_precise_where_the_network_computes_coarsely() -> None:
    class Half(CountingUNet):
        def forward(self, x: Tensor, *others: Any) -> tuple[Tensor, Tensor]:
            assert x.dtype == torch.bfloat16
            return super().forward(x, *others)

    denoiser = ChunkDenoiser(cast(UNet, Half()), CpuBackend(dtype=torch.bfloat16))
    found = denoiser.run(**_inputs(), settings=DenoiseSettings(3), before_step=lambda _: None)

    assert found.dtype == torch.float32
    torch.testing.assert_close(found, _expected(DenoiseSettings(3)), rtol=0.05, atol=0.05)


@pytest.mark.parametrize(("steps", "interval"), [(0, 1), (1, 0)])
def test_settings_that_cannot_be_are_refused(steps: int, interval: int) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        DenoiseSettings(steps, cache_interval=interval)
