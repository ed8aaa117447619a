"""What is said in one chunk, and what it adds to every block."""

from collections.abc import Hashable
from copy import copy
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from polyreel_inference.diffusion.transformer.block import affine_norm
from polyreel_inference.diffusion.transformer.rotary import Grid
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.infinitetalk.transformer.own_frames import OwnFrames
from polyreel_inference.engines.infinitetalk.transformer.speaker_places import SpeakerPlaces


@dataclass(frozen=True)
class Speech:
    """Audio tokens of all people, [T, people * 32, 768] in the compute type on the device.

    One person needs no `speakers`: every token hears that person.
    """

    tokens: Tensor
    speakers: SpeakerPlaces | None


class SpeechExtension:
    """Lets every block attend to the speech of the moment, each latent frame to its own audio tokens.

    Each rank does so for its own tokens. Several speakers are told apart by the block's self-attention; only
    then ranks exchange something, a few numbers a token. Raises `ValueError` for speech that does not fit the
    grid.
    """

    def __init__(self, speech: Speech, grid: Grid, runtime: Runtime) -> None:
        if speech.tokens.shape[0] != grid[0]:
            raise ValueError(f"The speech has {speech.tokens.shape[0]} latent frames, the video {grid[0]}.")
        self._own = OwnFrames.of(grid, runtime.mesh.sequence)
        self._speakers = speech.speakers
        if self._speakers is not None and self._speakers.frame_tokens != self._own.per_frame:
            raise ValueError(
                f"The speakers' masks have {self._speakers.frame_tokens} tokens, a latent frame of the video"
                f" {self._own.per_frame}."
            )
        self._tokens = speech.tokens[self._own.frames]
        self._runtime = runtime

    def attended(self, query: Tensor, key: Tensor) -> Tensor | None:
        """Return the places of own tokens among several speakers, float32 [own tokens]."""
        if self._speakers is None:
            return None
        first_frame = key[:, : self._own.per_frame]
        reference = self._speakers.reference_map(query, first_frame, self._runtime)
        return self._speakers.places(reference)[self._own.start : self._own.end]

    def after_context(self, block: nn.Module, x: Tensor, seen: Tensor | None) -> Tensor:
        """Add what each token hears; there is no gate."""
        if self._own.tokens == 0:
            return x
        module: Any = block
        attention = module.audio_cross_attn
        query = attention.query(affine_norm(module.norm_x, x[:, : self._own.tokens]))
        key, value = attention.key_and_value(self._tokens)
        if self._speakers is not None and seen is not None:
            query = self._speakers.rotate_query(query, seen, self._runtime)
            key = self._speakers.rotate_key(key, self._runtime)
        heard = self._runtime.backend.attention(self._own.split(query), key, value, exact=True)
        added: Tensor = attention.proj(self._own.join(heard).flatten(2))
        if self._own.padding:
            added = functional.pad(added, (0, 0, 0, self._own.padding))
        return x + added

    def tensors(self) -> tuple[Tensor, ...]:
        """Return the audio tokens of own frames, and what tells several speakers apart."""
        return (self._tokens, *(() if self._speakers is None else self._speakers.tensors()))

    def signature(self) -> Hashable:
        """Return own tokens and frames, and whether there are several speakers."""
        return self._own, None if self._speakers is None else self._speakers.background

    def reading(self, tensors: tuple[Tensor, ...]) -> "SpeechExtension":
        """Return the extension of another speech of the same shape."""
        other = copy(self)
        other._tokens = tensors[0]
        if self._speakers is not None:
            other._speakers = self._speakers.reading(tensors[1:])
        return other
