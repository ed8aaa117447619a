"""The benchmark from its options to its report, on a transformer of two narrow blocks."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from diffusers import WanTransformer3DModel

from polyreel_inference.command_line import parse
from polyreel_inference.diffusion.model_folder.architectures import Architecture
from polyreel_inference.engines.wan.bench import WanBenchmark
from polyreel_inference.host.engine import UnusableOptions

NARROW = Architecture("narrow", 1, 64, 2, 36, (64, 64), steps=50, guidance_scale=5.0, shift=5.0, clip=True)
PAIR = replace(NARROW, name="pair", input_channels=16, clip=False, experts=2, boundary=0.875)
SMALL = (
    *("--random-weights", "--model", "narrow", "--device", "cpu", "--frames", "1", "--steps", "2"),
    *("--warm-up", "1", "--skip", "vae", "--skip", "text-encoder", "--skip", "image-encoder"),
)


def _run(*arguments: str) -> None:
    bench, parser = WanBenchmark({"narrow": NARROW, "pair": PAIR}), ArgumentParser()
    bench.add_options(parser)
    bench.run(parser.parse_args(arguments))


def test_reports_both_implementations_as_text_table_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(*SMALL, "--compare", "diffusers", "--offload", "encoders", "--json", str(tmp_path / "figures.json"))
    printed = capsys.readouterr().out
    assert "one denoising step" in printed
    assert "diffusers' step" in printed
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert len(figures["ours"]["step_seconds"]) == 2
    assert len(figures["diffusers"]["step_seconds"]) == 2
    assert figures["speedup"] == pytest.approx(
        sum(figures["diffusers"]["step_seconds"]) / sum(figures["ours"]["step_seconds"])
    )
    assert figures["tflops"] == pytest.approx(figures["step_flops"] / figures["seconds_per_step"] / 1e12)
    head, rule, row = printed.strip().splitlines()[-3:]
    assert len({line.count("|") for line in (head, rule, row)}) == 1


def test_compares_in_the_types_of_accelerators(capsys: pytest.CaptureFixture[str]) -> None:
    _run(*SMALL, "--compare", "diffusers", "--dtype", "bfloat16")
    assert "diffusers' step" in capsys.readouterr().out


def test_two_experts_are_held_and_take_turns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []
    forward = WanTransformer3DModel.forward

    def watched(self: WanTransformer3DModel, *given: Any, **options: Any) -> Any:
        turns.append(id(self))
        return forward(self, *given, **options)

    monkeypatch.setattr(WanTransformer3DModel, "forward", watched)
    _run(*SMALL, "--model", "pair", "--steps", "6", "--no-guidance", "--compare", "diffusers")
    assert "pair (2 experts)" in capsys.readouterr().out
    first, *_, last = turns
    assert first != last
    assert turns == [first] * turns.count(first) + [last] * turns.count(last)


def test_one_forward_a_step_without_guidance(tmp_path: Path) -> None:
    for word in ("--guidance", "--no-guidance"):
        _run(*SMALL, word, "--json", str(tmp_path / word))
    guided, plain = (json.loads((tmp_path / word).read_text()) for word in ("--guidance", "--no-guidance"))
    assert guided["step_flops"] == 2 * plain["step_flops"]
    assert (guided["steps"], plain["steps"]) == (50, 4)


def test_quantised_and_offloaded_blocks_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    _run(*SMALL, "--quantize", "int8", "--offload", "blocks", "--dtype", "bfloat16")
    assert "bfloat16, attention sdpa, int8, offload blocks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "narrow"), "add --random-weights"),
        ((*SMALL, "--width", "70"), "multiples of 16; got 70x64"),
        ((*SMALL, "--frames", "8"), r"4n\+1, 81 for example; got 8"),
        ((*SMALL, "--layers", "3"), "1 to 2 for narrow"),
        ((*SMALL, "--steps", "0"), "--steps must be at least 1"),
        ((*SMALL, "--ulysses-size", "2"), "not the number of processes, 1"),
        ((*SMALL, "--compile"), "Nothing is compiled on the CPU"),
        ((*SMALL, "--compare", "diffusers", "--offload", "blocks"), "without block offload"),
    ],
)
def test_refuses_what_cannot_be_measured(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnusableOptions, match=message):
        _run(*arguments)


def test_the_command_line_offers_the_published_models() -> None:
    options = parse(["bench", "wan", "--model", "i2v-14b-720p", "--ulysses_size", "8"])
    assert (options.command, options.model, options.ulysses_size) == ("bench", "i2v-14b-720p", 8)


def test_arithmetic_of_the_published_models(capsys: pytest.CaptureFixture[str]) -> None:
    WanBenchmark().run(parse(["bench", "wan", "--arithmetic"]))
    table = capsys.readouterr().out
    # 0.783 of matrix products, 0.879 and 0.021 of attention, 0.003 of the prompt and the picture.
    assert "| i2v-14b-480p, i2v-14b-720p | 832x480 | 32,760 | 1.686 | 53% | 3.373 | 6.20 |" in table
    assert table.count("1280x720") == len({line.split("|")[1] for line in table.splitlines()[2:]})
