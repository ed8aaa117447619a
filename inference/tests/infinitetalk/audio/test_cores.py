"""Listening takes the cores that torchrun keeps from every process."""

import os
from collections.abc import Iterator

import pytest
import torch

from polyreel_inference.engines.infinitetalk.audio.speech_encoder import SpeechEncoder
from tests.infinitetalk import golden_inputs


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def threads_while_listening(encoder: SpeechEncoder) -> set[int]:
    seen: set[int] = set()
    encoder.encode(golden_inputs.speech("someone", 0.4), lambda: seen.add(torch.get_num_threads()))
    return seen


@pytest.mark.parametrize(("cores", "threads"), [(3, 3), (64, 16)])
def test_under_torchrun_the_cores_are_used(
    encoder: SpeechEncoder, monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "job")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))

    assert threads_while_listening(encoder) == {threads}
    assert torch.get_num_threads() == 1


def test_what_an_operator_says_holds(encoder: SpeechEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    assert threads_while_listening(encoder) == {1}

    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "job")
    torch.set_num_threads(2)
    assert threads_while_listening(encoder) == {2}
