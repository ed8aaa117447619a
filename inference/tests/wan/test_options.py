"""Options of the command line of the Wan engine."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from polyreel_inference.engines.wan.options import LoraOption, ModelOption, WanOptions, add_options


def read(*words: str) -> WanOptions:
    parser = ArgumentParser()
    add_options(parser)
    return WanOptions.of(parser.parse_args(words))


def test_models_have_the_name_of_their_folder_unless_given_one() -> None:
    cached = "/hub/models--Wan-AI--Wan2.1-T2V-14B/snapshots/a064a6c7"
    options = read("--model", "/weights/Wan2.1-T2V-1.3B/", "--model", "photo=/weights/b=c", "--model", cached)
    assert options.models == (
        ModelOption("Wan2.1-T2V-1.3B", Path("/weights/Wan2.1-T2V-1.3B")),
        ModelOption("photo", Path("/weights/b=c")),
        ModelOption("Wan2.1-T2V-14B", Path(cached)),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/a/fast.safetensors", LoraOption(Path("/a/fast.safetensors"), 1.0, None)),
        ("/a/fast.safetensors:0.8", LoraOption(Path("/a/fast.safetensors"), 0.8, None)),
        ("photo=x.safetensors:-1", LoraOption(Path("x.safetensors"), -1.0, "photo")),
        ("/a=b/c:d.safetensors", LoraOption(Path("/a=b/c:d.safetensors"), 1.0, None)),
    ],
)
def test_loras_have_a_strength_and_a_model(text: str, expected: LoraOption) -> None:
    assert read("--model", "m", "--lora", text).loras == (expected,)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--model", "=x"],
        ["--model", "m", "--ulysses-size", "0"],
        ["--model", "m", "--cfg-size", "3"],
        ["--model", "m", "--teacache", "0"],
        ["--model", "m", "--teacache", "20"],
        ["--model", "m", "--teacache", "nan"],
    ],
)
def test_what_cannot_be_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(*words)
    assert "error:" in capsys.readouterr().err
