"""Batches and ranks change nothing, the mask is kept, and chunks do not see each other."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import CUDA_DTYPE, Networks, load_networks
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DenoiseSettings
from polyreel_inference.engines.latentsync.synthesis.chunk import Chunk, JobNoise, SynthesisRequest
from polyreel_inference.parallel.gate import SingleGate
from tests.checkpoints.latentsync import LatentSyncFiles
from tests.latentsync.synthesis.making import RESOLUTION, made, mask, request, synthesizer
from tests.parallel.rank_runner import run_ranks

LENGTHS = (4, 4, 4, 2)
SETTINGS = {"steps": 2, "guidance_scale": 1.5, "cache_interval": 2}
ASKED = request(LENGTHS, DenoiseSettings(2, 1.5, 2))


@pytest.fixture(scope="module")
def alone(networks: Networks) -> list[Tensor]:
    return made(synthesizer(networks), ASKED)


def _assert_equal(found: list[Tensor], expected: list[Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-4)


@pytest.mark.parametrize("batch", [2, 8])
def test_a_batch_gives_what_its_chunks_give_alone(
    batch: int, alone: list[Tensor], networks: Networks
) -> None:
    _assert_equal(made(synthesizer(networks, batch=batch), ASKED), alone)


def test_a_request_may_ask_for_smaller_batches(alone: list[Tensor], networks: Networks) -> None:
    passed: list[int] = []
    one, asked = synthesizer(networks, batch=4), replace(ASKED, batch=1)
    _assert_equal(one.run(asked, SingleGate(passed.append)), alone)
    assert len(passed) == one.rounds(asked) * 2 == len(LENGTHS) * 2


def test_a_chunk_does_not_depend_on_the_others(alone: list[Tensor], networks: Networks) -> None:
    single = SynthesisRequest([ASKED.chunks[2]], ASKED.noise, ASKED.settings)
    _assert_equal(made(synthesizer(networks), single), [alone[2]])


@pytest.mark.parametrize(("ranks", "batch"), [(2, 1), (2, 3), (3, 1)])
def test_every_rank_gets_the_crops_of_one_rank(
    ranks: int, batch: int, alone: list[Tensor], files: LatentSyncFiles
) -> None:
    payload = {"folder": str(files.folder), "lengths": LENGTHS, "settings": SETTINGS, "batch": batch}
    for crops in run_ranks(ranks, "tests.latentsync.synthesis.making:synthesize", payload):
        _assert_equal(crops, alone)


def test_a_cancelled_request_ends_on_all_ranks_and_the_next_one_is_whole(
    alone: list[Tensor], files: LatentSyncFiles
) -> None:
    payload = {"folder": str(files.folder), "lengths": LENGTHS, "settings": SETTINGS}
    told, followed = run_ranks(2, "tests.latentsync.synthesis.making:cancel_and_synthesize", payload)

    assert followed is None
    assert told["cancelled"]
    assert told["passed"] == [0, 1, 2, 3]
    _assert_equal(told["made"], alone)


def test_the_gate_is_passed_before_every_step_of_every_round(networks: Networks) -> None:
    passed: list[int] = []
    one = synthesizer(networks, batch=2)
    one.run(ASKED, SingleGate(passed.append))

    # Two chunks, one that is left over, and the short one, which cannot be in a batch with it.
    assert one.rounds(ASKED) == 3
    assert passed == list(range(6))
    assert one.chunks_at_once == 2


def test_what_the_mask_keeps_is_the_crop_itself(alone: list[Tensor]) -> None:
    kept = mask() == 1
    for chunk, crops in zip(ASKED.chunks, alone, strict=True):
        given = chunk.crops.float() / 127.5 - 1
        torch.testing.assert_close(crops[..., kept], given[..., kept], rtol=0, atol=1e-6)
        assert float((crops - given)[..., ~kept].abs().mean()) > 0.05


@pytest.mark.parametrize(("dtype", "distance"), [(torch.bfloat16, 0.05), (CUDA_DTYPE, 0.005)])
def test_half_precision_stays_near(
    alone: list[Tensor], folder: LatentSyncFolder, dtype: torch.dtype, distance: float
) -> None:
    backend = CpuBackend(dtype=dtype)
    short = SynthesisRequest(ASKED.chunks[3:], ASKED.noise, ASKED.settings)
    (found,) = made(synthesizer(load_networks(folder, backend), backend), short)

    assert found.dtype == torch.float32
    assert float((found - alone[3]).norm() / alone[3].norm()) < distance


def test_noise_is_drawn_in_the_order_of_the_original() -> None:
    side = RESOLUTION // 8
    generator = torch.Generator().manual_seed(7)
    noise = JobNoise(7, RESOLUTION)
    crops, audio = torch.zeros(3, 3, RESOLUTION, RESOLUTION, dtype=torch.uint8), torch.zeros(3, 50, 384)
    chunks = [noise.chunk(crops, audio), noise.chunk(crops[:1], audio[:1])]

    assert torch.equal(noise.noise, torch.randn(1, 4, 1, side, side, generator=generator)[0, :, 0])
    for chunk in chunks:
        for drawn in (chunk.masked_noise, chunk.crop_noise):
            assert torch.equal(drawn, torch.randn(chunk.frames, 4, side, side, generator=generator))


@pytest.mark.parametrize("part", ["crops", "audio", "noise"])
def test_parts_that_do_not_belong_together_are_refused(part: str) -> None:
    crops = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    audio, noise = torch.zeros(2, 50, 384), torch.zeros(2, 4, 8, 8)
    with pytest.raises(ValueError, match="crops"):
        Chunk(
            crops.float() if part == "crops" else crops,
            audio[:1] if part == "audio" else audio,
            noise,
            noise[:, :, :4] if part == "noise" else noise,
        )


def test_a_batch_holds_a_chunk(networks: Networks) -> None:
    with pytest.raises(ValueError, match="at least one chunk"):
        synthesizer(networks, batch=0)
