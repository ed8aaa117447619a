"""What operators choose: memory, bytes of the weights, LoRA files, the step cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from polyreel_inference.engines.wan.engine import WanEngine
from tests.checkpoints.kinds import HEAD_DIMENSION, HEADS
from tests.wan.running import Run, engine_with, run


@contextmanager
def chosen(checkpoints: Path, *words: str) -> Iterator[WanEngine]:
    """An engine with the model t2v and these options."""
    engine = engine_with("--model", str(checkpoints / "t2v"), *words)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA of rank 4 for one layer."""
    width = HEADS * HEAD_DIMENSION
    random = torch.Generator().manual_seed(3)
    name = "diffusion_model.blocks.0.self_attn.v"
    path = tmp_path_factory.mktemp("lora") / "style.safetensors"
    down, up = torch.randn(4, width, generator=random), torch.randn(width, 4, generator=random)
    save_file({f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}, path)
    return path


@pytest.mark.parametrize("offload", ["encoders", "blocks"])
def test_weights_in_host_memory_change_nothing(
    checkpoints: Path, tmp_path: Path, usual: dict[str, Run], offload: str
) -> None:
    with chosen(checkpoints, "--offload", offload) as engine:
        assert run(engine, tmp_path, "t2v").video == usual["t2v"].video


@pytest.mark.parametrize(
    "words",
    [
        ("--quantize", "int8"),
        ("--quantize", "fp8"),
        ("--dtype", "bfloat16"),
        ("--dtype", "float16"),
        ("--vae-dtype", "bfloat16"),
    ],
    ids=" ".join,
)
def test_coarser_numbers_change_little(
    checkpoints: Path, tmp_path: Path, usual: dict[str, Run], words: tuple[str, ...]
) -> None:
    with chosen(checkpoints, *words) as engine:
        done = run(engine, tmp_path / "same", "t2v")
        other = run(engine, tmp_path / "other", "t2v", seed=2)
    exact = usual["t2v"].frames.astype(float)
    assert done.video != usual["t2v"].video
    assert abs(done.frames - exact).mean() < abs(other.frames - exact).mean() / 5


def test_a_lora_acts_with_its_strength(
    checkpoints: Path, tmp_path: Path, usual: dict[str, Run], lora: Path
) -> None:
    videos = {}
    for strength in ("0", "1", "0.5"):
        with chosen(checkpoints, "--lora", f"{lora}:{strength}") as engine:
            videos[strength] = run(engine, tmp_path / strength, "t2v").video
    assert videos["0"] == usual["t2v"].video
    assert len(set(videos.values())) == 3


def test_the_step_cache_acts_for_the_requests_that_want_it(
    checkpoints: Path, engine: WanEngine, tmp_path: Path
) -> None:
    exact = run(engine, tmp_path / "exact", "t2v", steps=8)
    cached = run(engine, tmp_path / "cached", "t2v", steps=8, use_teacache=True, teacache_thresh=1)
    assert cached.video != exact.video
    with chosen(checkpoints, "--teacache", "1") as caching:
        assert run(caching, tmp_path / "a", "t2v", steps=8).video == cached.video
        assert run(caching, tmp_path / "b", "t2v", steps=8, use_teacache=False).video == exact.video
