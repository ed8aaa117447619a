"""From a plan to what the pipeline is asked, with an encoder that counts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.audio.speech_encoder import SpeechEncoder
from polyreel_inference.engines.infinitetalk.request import RequestBuilder
from polyreel_inference.host.engine import InputFile, Job
from polyreel_inference.media.audio import Samples
from tests.infinitetalk.engine.offers import offer, plan_of


class Counting:
    """Returns a single number for all of a track: its place among the tracks it was given."""

    def __init__(self) -> None:
        self.given: list[Samples] = []

    def encode(self, speech: Samples, check: Callable[[], None]) -> Tensor:
        check()
        self.given.append(speech)
        return torch.full((len(speech) // 640, 12, 768), float(len(self.given)))


def test_silence_is_listened_to_once(tmp_path: Path, media: dict[str, Path]) -> None:
    inputs = {name: media[name] for name in ("image", "audio")}
    given: dict[str, Any] = {"boxes": "2,4,14,60;22,4,34,60;42,4,54,60;62,4,74,60", "speaker": 2}
    plan = plan_of(tmp_path, inputs, given)
    files = {name: InputFile(name, path, "", path.stat().st_size) for name, path in inputs.items()}
    encoder = Counting()
    builder = RequestBuilder(cast(SpeechEncoder, encoder), offer())
    request, sound = builder.build(
        plan, Job("task", 1, "talk", "infinitetalk", {}, files, tmp_path), lambda: None
    )

    assert [bool(speech.any()) for speech in encoder.given] == [False, True]
    (take,) = request.takes
    assert [float(speech[0, 0, 0]) for speech in take.speech] == [1, 2, 1, 1]
    assert {len(speech) for speech in take.speech} == {25}
    assert sound == media["audio"]
