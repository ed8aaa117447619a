"""Prompts: equal to the reference pipeline's states, from both layouts, cleaned and cut."""

import json
import re
from pathlib import Path

import pytest
import torch
from diffusers import WanPipeline

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.encoders.text_cleaning import clean_text
from polyreel_inference.diffusion.encoders.text_encoder import TextEncoder
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from tests.checkpoints.written import WrittenCheckpoints

PROMPTS = ["A cat walks on the grass, realistic style", "", "täglich &amp;amp;  ein\n Hund", "long " * 200]


@pytest.fixture(scope="module")
def encoder(checkpoints: WrittenCheckpoints) -> TextEncoder:
    folder = checkpoints.folder("t2v", "original")
    stem = "models_t5_umt5-xxl-enc-bf16"
    config = json.loads((folder / f"{stem}.json").read_text())
    files = TensorFiles([folder / f"{stem}.pth"])
    return TextEncoder.load(files, config, folder / "google" / "umt5-xxl", backend=open_backend("cpu"))


def test_states_equal_those_of_the_reference_pipeline(
    checkpoints: WrittenCheckpoints, encoder: TextEncoder
) -> None:
    pipeline = WanPipeline.from_pretrained(checkpoints.folder("t2v", "diffusers"))
    pipeline.text_encoder.float()
    wanted, _ = pipeline.encode_prompt(
        PROMPTS, do_classifier_free_guidance=False, max_sequence_length=512, device=torch.device("cpu")
    )

    states = encoder.encode(PROMPTS)
    assert states.shape == (4, 512, 32)
    assert torch.allclose(states, wanted, atol=1e-5)
    assert states[0].abs().max() > 0.1


@pytest.mark.parametrize("content", [None, "version https://git-lfs.github.com/spec/v1"])
def test_a_folder_that_is_no_tokenizer_is_named(
    checkpoints: WrittenCheckpoints, tmp_path: Path, content: str | None
) -> None:
    folder = checkpoints.folder("t2v", "diffusers") / "text_encoder"
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)

    with pytest.raises(
        WeightsError, match=f"{re.escape(str(tmp_path))} holds no tokenizer that can be read: "
    ):
        TextEncoder.load(
            TensorFiles.in_folder(folder, "model"),
            json.loads((folder / "config.json").read_text()),
            tmp_path,
            backend=open_backend("cpu"),
        )


def test_zeros_follow_the_tokens(encoder: TextEncoder) -> None:
    states = encoder.encode(PROMPTS)

    for text, rows in zip(PROMPTS, states, strict=True):
        count = min(encoder.token_count(text), 512)
        assert (rows[:count].abs().sum(dim=1) > 0).all()
        assert (rows[count:] == 0).all()


def test_a_text_does_not_depend_on_the_others(encoder: TextEncoder) -> None:
    together = encoder.encode(PROMPTS)

    for index, text in enumerate(PROMPTS):
        assert torch.allclose(encoder.encode([text])[0], together[index], atol=1e-6)


def test_counts_more_tokens_than_are_seen(encoder: TextEncoder) -> None:
    assert encoder.token_count("abc") == 4
    assert encoder.token_count("x" * 600) == 601


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two\n\t lines ", "two lines"),
        ("&amp;lt;b&amp;gt;", "<b>"),
        ("schÃ¶n", "schön"),
        ("ﬁne “quotes”", 'fine "quotes"'),
    ],
)
def test_texts_are_cleaned(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned
