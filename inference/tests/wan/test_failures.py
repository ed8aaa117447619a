"""Memory that does not suffice, and options that cannot be."""

import gc
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.backend import Backend
from polyreel_inference.engines.wan.engine import WanEngine
from polyreel_inference.engines.wan.models import open_models
from polyreel_inference.engines.wan.options import WanOptions, add_options
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving.opening import open_device, open_ranks
from tests.devices.gaudi_modes import gaudi
from tests.wan.reporter import RememberingReporter
from tests.wan.running import job_of, run


class FailsOnce(AttentionKernel):
    """Attention on a device that is full in its `call`-th call, and has room again afterwards."""

    name = "fails once"

    def __init__(self, kernel: AttentionKernel, call: int) -> None:
        self._kernel = kernel
        self._calls_left = call

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        self._calls_left -= 1
        if self._calls_left == 0:
            raise torch.OutOfMemoryError("Tried to allocate 20.00 GiB.")
        return self._kernel(query, key, value)


def options_of(*words: str) -> WanOptions:
    parser = ArgumentParser()
    add_options(parser)
    return WanOptions.of(parser.parse_args(["--device", "cpu", *words]))


@pytest.fixture
def full_device(checkpoints: Path) -> Iterator[WanEngine]:
    """An engine whose device is full in the second step of its second job."""
    options = options_of("--model", str(checkpoints / "t2v"))
    ranks = Ranks(0, 1, 0)
    backend: Backend = open_device(options, ranks)
    # A step calls it 8 times: two layers attend to video and text, for prompt and negative prompt.
    backend.kernel = FailsOnce(backend.kernel, call=2 * 8 + 8 + 3)
    engine = WanEngine(options, open_models(options), backend, ranks)
    engine.load()
    yield engine
    engine.close()


def tensors_alive() -> dict[int, Tensor]:
    gc.collect()
    return {id(one): one for one in gc.get_objects() if issubclass(type(one), Tensor)}


def test_a_full_device_is_told_and_usable_again(full_device: WanEngine, tmp_path: Path) -> None:
    first = run(full_device, tmp_path / "first", "t2v")
    before = tensors_alive()
    reporter = RememberingReporter()
    with pytest.raises(EngineError, match="smaller size") as failed:
        full_device.generate(job_of(full_device, tmp_path / "full", "t2v"), reporter)
    assert (failed.value.code, failed.value.retryable) == (ErrorCode.OUT_OF_MEMORY, False)
    assert reporter.stages[-1] == ("generating", 1, 2)
    assert not list((tmp_path / "full").iterdir())
    # Held until here, so that no new one has the place of an old one. Other tests' may have gone meanwhile.
    assert tensors_alive().keys() <= before.keys()
    del before
    assert run(full_device, tmp_path / "next", "t2v").video == first.video


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--model", "{0}/none"], "none"),
        (["--model", "{0}"], "--model"),
        (["--model", "{0}/t2v", "--model", "t2v={0}/i2v"], "Two models"),
        (["--model", "{0}/t2v", "--lora", "{0}/none.safetensors"], "no file"),
        (["--model", "{0}/t2v", "--lora", "other=x.safetensors"], "no model"),
        (["--model", "{0}/t2v", "--ulysses-size", "3"], "4 attention heads"),
    ],
)
def test_models_that_cannot_be_are_told_at_the_start(
    checkpoints: Path, words: list[str], reason: str
) -> None:
    options = options_of(*(word.format(checkpoints) for word in words))
    with pytest.raises(UnusableOptions, match=reason):
        open_models(options)


def test_the_number_of_processes_has_to_fit(checkpoints: Path) -> None:
    options = options_of("--model", str(checkpoints / "t2v"), "--ulysses-size", "2", "--cfg-size", "2")
    with pytest.raises(UnusableOptions, match="--nproc-per-node 4"):
        open_ranks(options, {})
    environment = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "3", "LOCAL_WORLD_SIZE": "4"}
    assert open_ranks(options, environment).rank == 3


def test_an_unknown_attention_kernel_is_told_at_the_start(checkpoints: Path) -> None:
    options = options_of("--model", str(checkpoints / "t2v"), "--attention", "no-such")
    with pytest.raises(UnusableOptions, match="no-such"):
        open_device(options, Ranks(0, 1, 0))


def test_blocks_that_a_gaudi_records_cannot_move(checkpoints: Path) -> None:
    parser = ArgumentParser()
    WanEngine.add_options(parser)
    words = ["--device", "hpu", "--model", str(checkpoints / "t2v"), "--offload", "blocks", "--compile"]
    with gaudi(lazy=True), pytest.raises(UnusableOptions, match="--offload blocks moves their weights"):
        WanEngine.from_options(parser.parse_args(words))
    with gaudi(lazy=False):
        WanEngine.from_options(parser.parse_args(words))
