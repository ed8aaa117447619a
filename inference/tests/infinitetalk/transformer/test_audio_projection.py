"""Speech windows become audio tokens: which frames of speech a latent frame hears, and how."""

import pytest
import torch
from torch import Tensor, nn

from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioProjection, AudioSizes
from tests.infinitetalk.transformer.tiny_transformer import SIZES, random_numbers, tiny_transformer, windows


def _plain(projection: AudioProjection, speech: Tensor) -> Tensor:
    """Project one person's windows [frames, 5, layers, width], latent frame by latent frame."""
    tokens = []
    for latent_frame in range((len(speech) + 3) // 4):
        if latent_frame == 0:
            x = projection.proj1(speech[0].flatten())
        else:
            a, b, c, d = speech[4 * latent_frame - 3 : 4 * latent_frame + 1]
            heard = [a[0], a[1], a[2], b[2], c[2], d[2], d[3], d[4]]
            x = projection.proj1_vf(torch.stack(heard).flatten())
        x = projection.proj3(projection.proj2(x.relu()).relu())
        tokens.append(projection.norm(x.reshape(SIZES.tokens, SIZES.width)))
    return torch.stack(tokens)


@torch.no_grad()
def test_each_latent_frame_hears_its_four_frames_and_their_surroundings() -> None:
    projection, speech = tiny_transformer().audio_proj, windows(2, 4)
    tokens = projection(speech)

    assert tokens.shape == (2, 4, SIZES.tokens, SIZES.width)
    for person in range(2):
        torch.testing.assert_close(tokens[person], _plain(projection, speech[person]))


@torch.no_grad()
def test_each_moment_of_speech_is_heard_once() -> None:
    sizes = AudioSizes(layers=1, width=1)
    projection, seen = AudioProjection(sizes), list[Tensor]()
    for layer in (projection.proj1, projection.proj1_vf):
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    moments = torch.arange(9)[:, None] + torch.arange(-2, 3)
    projection(moments.reshape(1, 9, 5, 1, 1).float())

    assert seen[0].flatten().tolist() == [-2, -1, 0, 1, 2]
    assert seen[1].flatten(0, 1).tolist() == [[*range(-1, 7)], [*range(3, 11)]]


def test_the_published_sizes_are_the_usual_ones() -> None:
    with torch.device("meta"):
        projection = AudioProjection(AudioSizes())
    shapes = {name: tuple(value.shape) for name, value in projection.named_parameters()}

    assert shapes == {
        "proj1.weight": (512, 46080),
        "proj1.bias": (512,),
        "proj1_vf.weight": (512, 73728),
        "proj1_vf.bias": (512,),
        "proj2.weight": (512, 512),
        "proj2.bias": (512,),
        "proj3.weight": (24576, 512),
        "proj3.bias": (24576,),
        "norm.weight": (768,),
        "norm.bias": (768,),
    }
    assert isinstance(projection.norm, nn.LayerNorm)
    assert projection.norm.eps == 1e-5


@pytest.mark.parametrize("shape", [(1, 8, 5, 2, 8), (1, 9, 3, 2, 8), (1, 9, 5, 2), (1, 0, 5, 2, 8)])
def test_windows_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[people, 4 n \+ 1 frames, 5, 2, 8\], not"):
        tiny_transformer().audio_proj(random_numbers(*shape, seed=1))
