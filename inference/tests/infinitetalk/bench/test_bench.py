"""The benchmark from its options to its report, on a transformer of two narrow blocks."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from polyreel_inference.command_line import parse
from polyreel_inference.diffusion.model_folder.architectures import Architecture
from polyreel_inference.engines.infinitetalk.bench import InfiniteTalkBenchmark
from polyreel_inference.engines.infinitetalk.bench.figures import Figures
from polyreel_inference.engines.infinitetalk.bench.report import TABLE_HEAD, as_table_row
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving.bench import encoding
from polyreel_inference.serving.bench.step_figures import StepFigures
from tests.parallel.rank_runner import run_ranks

NARROW = Architecture("narrow", 2, 64, 2, 36, (64, 64), steps=40, guidance_scale=5.0, shift=7.0, clip=True)
AUDIO = AudioSizes(layers=2, width=8, hidden=16, tokens=4)
ENCODERS = ("--skip", "text-encoder", "--skip", "image-encoder", "--skip", "speech-encoder")
SKIPPED = (*ENCODERS, "--skip", "vae")
SMALL = (
    *("--random-weights", "--device", "cpu", "--width", "64", "--height", "32", "--frames", "9"),
    *("--motion-frames", "5", "--steps", "2", "--warm-up", "1"),
)
FIGURES = Figures(
    width=640,
    height=640,
    frames=81,
    speakers=1,
    forwards=3,
    chunk_steps=40,
    new_seconds=2.88,
    device="NVIDIA H200",
    dtype="bfloat16",
    options="attention flash3",
    ranks=1,
    step_flops=5_670_000_000_000_000,
    peak_tflops=989,
    steps=StepFigures((9.0, 12.0, 10.0), 50_000_000_000),
    text_encoder_seconds=100.0,
    vae_motion_seconds=2.0,
    vae_decode_seconds=10.0,
)


def _run(*arguments: str) -> None:
    bench, parser = InfiniteTalkBenchmark(NARROW, AUDIO), ArgumentParser()
    bench.add_options(parser)
    bench.run(parser.parse_args(arguments))


def test_reports_as_text_table_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ("--width", "32", "--height", "32", "--frames", "5", "--motion-frames", "1")
    _run(*SMALL, *size, *ENCODERS, "--speakers", "2", "--json", str(tmp_path / "figures.json"))
    printed = capsys.readouterr().out
    for part in ("one denoising step", "VAE, motion frames", "VAE, decode"):
        assert part in printed
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert len(figures["steps"]["step_seconds"]) == 2
    frames = figures["vae_motion_seconds"] + figures["vae_decode_seconds"]
    assert figures["chunk_seconds"] == pytest.approx(40 * figures["seconds_per_step"] + frames)
    assert figures["seconds_per_second"] == pytest.approx(figures["chunk_seconds"] / 0.16)
    head, rule, row = printed.strip().splitlines()[-3:]
    assert len({line.count("|") for line in (head, rule, row)}) == 1


def test_the_speech_encoder_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    _run(*SMALL, *("--skip", "text-encoder", "--skip", "image-encoder", "--skip", "vae"))
    printed, told = capsys.readouterr()
    assert "second of speech" in printed
    assert told.splitlines() == ["measuring: speech encoder", "measuring: denoising steps"]


def test_the_autoencoder_is_measured_in_the_type_the_engine_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[torch.dtype] = []

    def build(module: Callable[[], nn.Module], device: torch.device, dtype: torch.dtype) -> nn.Module:
        del module, device
        measured.append(dtype)
        raise InterruptedError

    monkeypatch.setattr(encoding, "random_module", build)
    with pytest.raises(InterruptedError):
        _run(*SMALL, *ENCODERS, "--dtype", "bfloat16")
    assert measured == [torch.float32]


def test_forwards_of_a_step(tmp_path: Path) -> None:
    flops = []
    for forwards in ("1", "2", "3"):
        _run(*SMALL, *SKIPPED, "--forwards", forwards, "--json", str(tmp_path / forwards))
        figures = json.loads((tmp_path / forwards).read_text())
        flops.append(figures["step_flops"])
        assert figures["chunk_steps"] == {"1": 4, "2": 8, "3": 40}[forwards]
    assert flops == [flops[0], 2 * flops[0], 3 * flops[0]]


def test_quantised_and_offloaded_blocks_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    _run(*SMALL, *SKIPPED, "--quantize", "int8", "--offload", "blocks", "--dtype", "bfloat16")
    assert "bfloat16, attention sdpa, int8, offload blocks" in capsys.readouterr().out


def measure_on_ranks(ranks: Ranks, folder: Path) -> None:
    """Run the benchmark with two ranks; each would write a report of its own."""
    report = str(folder / f"{ranks.rank}.json")
    _run(*SMALL, *SKIPPED, "--speakers", "2", "--ulysses-size", "2", "--json", report)


def test_ranks_measure_together_and_one_reports(tmp_path: Path) -> None:
    run_ranks(2, f"{__name__}:measure_on_ranks", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["0.json"]
    assert json.loads((tmp_path / "0.json").read_text())["ranks"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--resolution", "720p"), "add --random-weights"),
        ((*SMALL, "--width", "70"), "multiples of 16; got 70x32"),
        ((*SMALL, "--frames", "8"), r"--frames must be 4n\+1"),
        ((*SMALL, "--motion-frames", "9"), "leaves nothing of --frames 9"),
        ((*SMALL, "--layers", "3"), "1 to 2"),
        ((*SMALL, "--speakers", "8"), "--speakers must be 1 to 6"),
        ((*SMALL, "--steps", "0"), "--steps must be at least 1"),
        ((*SMALL, "--ulysses-size", "2"), "not the number of processes, 1"),
        ((*SMALL, "--compile"), "Nothing is compiled on the CPU"),
    ],
)
def test_refuses_what_cannot_be_measured(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnusableOptions, match=message):
        _run(*arguments)


def test_a_chunk_is_its_steps_and_its_frames() -> None:
    assert FIGURES.tflops == pytest.approx(567)
    assert FIGURES.chunk_seconds == pytest.approx(412)
    assert as_table_row(FIGURES) == (
        "| 640x640x81 | 1 | NVIDIA H200 | bfloat16, attention flash3 | 3 | 10 | 567 | 57% | 50.0 | 40 | 412"
        " | 143 |"
    )
    assert as_table_row(FIGURES).count("|") == TABLE_HEAD.partition("\n")[0].count("|")
    assert replace(FIGURES, ranks=2).tflops == pytest.approx(283.5)


def test_arithmetic_of_the_published_model(capsys: pytest.CaptureFixture[str]) -> None:
    InfiniteTalkBenchmark().run(parse(["bench", "infinitetalk", "--arithmetic"]))
    table = capsys.readouterr().out
    assert "| 640x640 | 1 | 33,600 | 1.895 | 3 | 40 | 227.4 |" in table
    assert len(table.splitlines()) == 2 + 3 * 2 * 3
