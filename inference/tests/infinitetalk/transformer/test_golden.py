"""The transformer beside outputs of the original program."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.engines.infinitetalk.transformer.speech import Speech, SpeechExtension
from tests.infinitetalk.golden import assert_close, golden, signal_to_noise
from tests.infinitetalk.golden_inputs import GRIDS, TIMESTEP, TransformerInputs, transformer_inputs
from tests.infinitetalk.transformer.conftest import LoadTransformer
from tests.infinitetalk.transformer.tiny_transformer import single_runtime

RUNTIME = single_runtime()
CHECKPOINTS = {1: "single", 2: "multi"}


class _Watched(SpeechExtension):
    """Keeps the map and the places of every block, and what its attention to speech adds."""

    def __init__(self, speech: Speech, latents: Tensor, model: InfiniteTalkTransformer) -> None:
        super().__init__(speech, model.grid(latents), RUNTIME)
        self.maps: list[Tensor] = []
        self.places: list[Tensor] = []
        self.added: list[Tensor] = []

    def attended(self, query: Tensor, key: Tensor) -> Tensor | None:
        places = super().attended(query, key)
        if self._speakers is not None and places is not None:
            first_frame = key[:, : self._speakers.frame_tokens]
            self.maps.append(self._speakers.reference_map(query, first_frame, self._runtime))
            self.places.append(places)
        return places

    def after_context(self, block: torch.nn.Module, x: Tensor, seen: Tensor | None) -> Tensor:
        after = super().after_context(block, x, seen)
        self.added.append((after - x)[0])
        return after


def _speech(model: InfiniteTalkTransformer, given: TransformerInputs) -> Speech:
    # The original picks every other row and column of the latent's masks for the token grid.
    return model.speech(given.speech, given.masks[:, ::2, ::2], runtime=RUNTIME)


def _run(
    model: InfiniteTalkTransformer, given: TransformerInputs, speech: Speech, runtime: Runtime = RUNTIME
) -> tuple[Tensor, _Watched]:
    text = torch.zeros(1, 512, given.text.shape[1])
    text[0, : len(given.text)] = given.text
    context = model.embed(text, given.image[None], runtime=runtime)
    latents = torch.cat([given.latents, given.condition])[None]
    watched = _Watched(speech, latents, model)
    velocity = model.denoise(latents, torch.tensor([TIMESTEP]), context, runtime=runtime, extension=watched)
    same = model.velocity(latents, torch.tensor([TIMESTEP]), context, speech, runtime=runtime)
    assert torch.equal(velocity, same)
    return velocity[0], watched


@torch.inference_mode()
@pytest.mark.parametrize("grid", list(GRIDS))
@pytest.mark.parametrize(("people", "name"), [(1, "one"), (2, "two")])
def test_velocity_is_that_of_the_original(
    grid: str, people: int, name: str, transformer: LoadTransformer
) -> None:
    model, given = transformer(CHECKPOINTS[people]), transformer_inputs(grid, people)
    velocity, watched = _run(model, given, _speech(model, given))

    numbers = golden("transformer")
    wanted = numbers[f"{grid}_{name}"]
    assert_close(velocity, wanted)
    assert signal_to_noise(velocity, wanted, span=2 * wanted.abs().max().item()) > 90
    if people == 2:
        assert_close(torch.stack(watched.maps), numbers[f"{grid}_two_maps"])
        assert_close(torch.stack(watched.places), numbers[f"{grid}_two_positions"])


@torch.inference_mode()
@pytest.mark.parametrize("grid", list(GRIDS))
def test_silence_is_that_of_the_original(grid: str, transformer: LoadTransformer) -> None:
    model, given = transformer("single"), transformer_inputs(grid, 1)
    silence = model.silence(4 * GRIDS[grid][0] - 3, runtime=RUNTIME)
    velocity, _ = _run(model, given, silence)

    wanted = golden("transformer")[f"{grid}_one_silent"]
    assert_close(velocity, wanted)
    assert (velocity - golden("transformer")[f"{grid}_one"]).abs().max() > 1e-3 * wanted.abs().max()


@torch.inference_mode()
@pytest.mark.parametrize(("people", "name"), [(1, "one"), (2, "two")])
def test_audio_tokens_and_what_a_block_hears_are_those_of_the_original(
    people: int, name: str, transformer: LoadTransformer
) -> None:
    model, given = transformer(CHECKPOINTS[people]), transformer_inputs("square", people)
    speech = _speech(model, given)
    _, watched = _run(model, given, speech)

    numbers = golden("transformer")
    by_person = speech.tokens.unflatten(1, (people, -1)).transpose(0, 1)
    assert_close(by_person[..., ::16], numbers[f"tokens_{name}"])
    assert_close(watched.added[1], numbers[f"audio_attention_{name}"])
