"""Where each video token stands among several speakers, so that it hears the right one.

A token looks at the first latent frame, where masks tell who is who: the person (or the background) it
attends to most is the one it belongs to. That gives it a place on a line, by which its audio query is
rotated (RoFormer, arXiv 2104.09864) towards the keys of that person's speech.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from polyreel_inference.diffusion.transformer.runtime import Runtime

MOST_SPEAKERS = 6
"""With more the stretches of two speakers on the line would overlap."""

_LINE = 24.0
_STRETCH = 4.0
_THETA = 10000.0
_SMALL = 1e-8
_TENSORS = ("masks", "areas", "starts", "frequencies", "key_cos", "key_sin")


@dataclass(frozen=True)
class SpeakerPlaces:
    """The speakers of one chunk. Shapes: people P, tokens of a latent frame S, head size D.

    `masks` [P + 1, S] in the compute type are 1 where a person is, the last one where nobody is; `areas`
    float32 [P + 1] are their sums. `starts` float32 [P, 1] are where the people's stretches of the line
    begin. `frequencies` float32 [D / 2] turn places into angles; `key_angles` are those of the audio keys.
    """

    masks: Tensor
    areas: Tensor
    starts: Tensor
    background: float
    frequencies: Tensor
    key_cos: Tensor
    key_sin: Tensor

    @classmethod
    def of(cls, masks: Tensor, tokens_each: int, head_size: int, runtime: Runtime) -> "SpeakerPlaces":
        """Prepare masks [P + 1, height, width] on the token grid, those of the people first.

        Stretches are spread evenly over the line, from 0..4 for the first person to 20..24 for the last one
        (both as trained, for two people); audio keys stand in the middle of their person's. The background
        stands half-way between the first two. Raises `ValueError` for masks that are empty or too many.
        """
        people = masks.shape[0] - 1
        if not 2 <= people <= MOST_SPEAKERS:
            raise ValueError(f"Speakers to tell apart are 2 to {MOST_SPEAKERS}, not {people}.")
        chosen = masks.flatten(1).float()
        areas = chosen.sum(dim=1)
        if empty := [_name(index, people) for index, area in enumerate(areas.tolist()) if area == 0]:
            raise ValueError(
                f"No token of the video belongs to {' and '.join(empty)}: enlarge that mask, or the video."
            )
        device = runtime.backend.device
        starts = torch.linspace(0, _LINE - _STRETCH, people)
        middles = starts + _STRETCH / 2
        frequencies = _THETA ** -(torch.arange(0, head_size, 2, dtype=torch.float64) / head_size)
        key_angles = torch.outer(middles.repeat_interleave(tokens_each), frequencies.float())
        return cls(
            masks=chosen.to(device, runtime.backend.dtype),
            areas=areas.to(device),
            starts=starts[:, None].to(device),
            background=float(middles[:2].mean()),
            frequencies=frequencies.float().to(device),
            key_cos=key_angles.cos().to(device),
            key_sin=key_angles.sin().to(device),
        )

    def tensors(self) -> tuple[Tensor, ...]:
        """Return all tensors, in the order `reading` takes them."""
        return tuple(getattr(self, name) for name in _TENSORS)

    def reading(self, tensors: tuple[Tensor, ...]) -> "SpeakerPlaces":
        """Return the same number of speakers elsewhere."""
        changed: dict[str, Any] = dict(zip(_TENSORS, tensors, strict=True))
        return replace(self, **changed)

    @property
    def frame_tokens(self) -> int:
        """Tokens of a latent frame."""
        return self.masks.shape[1]

    def reference_map(self, query: Tensor, key: Tensor, runtime: Runtime) -> Tensor:
        """Return float32 [P + 1, tokens]: how much a token attends to each mask, as the mean of its tokens.

        Query [1, tokens, own heads, D] and key [1, S, own heads, D] of the first frame. Softmax over that
        frame, mean over all heads of all ranks: attention with the masks as values, so that the matrix of
        tokens times S scores exists nowhere.
        """
        masks, width = self.masks.shape[0], key.shape[-1]
        # As wide as the keys and with rows of its own for every head, as the fast kernels want values.
        wide = functional.pad(self.masks.t(), (0, width - masks))
        value = wide[None, :, None].expand(-1, -1, key.shape[2], -1).contiguous()
        heads = runtime.backend.attention(query, key, value, exact=True)[..., :masks]
        by_rank = runtime.mesh.sequence.gather(heads.float().mean(dim=2), dim=0)
        return (by_rank.mean(dim=0) / self.areas).t()

    def places(self, reference: Tensor) -> Tensor:
        """Return float32 [tokens]: the place of each on the line, from the map of all tokens [P + 1, tokens].

        Within a person's stretch tokens are spread by how much they attend to that person.
        """
        people = reference[:-1]
        low, high = people.amin(dim=1, keepdim=True), people.amax(dim=1, keepdim=True)
        places = self.starts + (people - low) / (high - low + _SMALL) * _STRETCH
        nobody = torch.full_like(places[:1], self.background)
        chosen = reference.argmax(dim=0, keepdim=True)
        return torch.cat([places, nobody]).gather(0, chosen)[0]

    def rotate_query(self, query: Tensor, places: Tensor, runtime: Runtime) -> Tensor:
        """Rotate queries [1, tokens, heads, D] to their places float32 [tokens]."""
        angles = torch.outer(places, self.frequencies)
        return runtime.backend.rotate(query, angles.cos(), angles.sin())

    def rotate_key(self, key: Tensor, runtime: Runtime) -> Tensor:
        """Rotate audio keys [frames, tokens of all people, heads, D] to the places of their people."""
        return runtime.backend.rotate(key, self.key_cos, self.key_sin)


def _name(index: int, people: int) -> str:
    return "the background" if index == people else f"person {index + 1}"
