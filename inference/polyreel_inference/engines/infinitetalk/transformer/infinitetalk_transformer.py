"""InfiniteTalk's transformer: Wan 2.1's image-to-video model with speech in every block."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polyreel_inference.diffusion.transformer.context import Context
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.step_cache import BranchCache
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.engines.infinitetalk.transformer.audio_attention import AudioAttention
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioProjection, AudioSizes
from polyreel_inference.engines.infinitetalk.transformer.speaker_places import SpeakerPlaces
from polyreel_inference.engines.infinitetalk.transformer.speech import Speech, SpeechExtension


class InfiniteTalkTransformer(WanTransformer):
    """Built from diffusers' config of the Wan model it extends; audio parts keep their published names.

    A branch of guidance is a context (`embed`) and a speech (`speech` or `silence`), both made once per chunk
    and passed to `velocity` in every step. Speech of one person needs no masks and no reference map.
    """

    float32_parts: ClassVar[tuple[str, ...]] = (*WanTransformer.float32_parts, "norm_x", "audio_proj.norm")

    def __init__(self, audio_sizes: AudioSizes | None = None, **config: Any) -> None:
        super().__init__(**config)
        self.audio_sizes = audio_sizes or AudioSizes()
        heads = self.config.num_attention_heads
        size = heads * self.config.attention_head_dim
        self.audio_proj = AudioProjection(self.audio_sizes)
        for block in self.blocks:
            block.norm_x = nn.LayerNorm(size, eps=self.config.eps)
            block.audio_cross_attn = AudioAttention(size, heads, self.audio_sizes.width)

    def speech(self, windows: Tensor, masks: Tensor | None = None, *, runtime: Runtime) -> Speech:
        """Project the speech of one chunk.

        `windows` [people, frames, 5, 12, 768] are features around each video frame. `masks`
        [people + 1, h / 16, w / 16] tell on the token grid where each person is, in the order of the windows,
        and last where nobody is; one person's are not looked at. Raises `ValueError` for windows or masks of
        wrong shapes, for several people without masks, and for masks without any token.
        """
        people = windows.shape[0]
        speakers = None
        if people > 1:
            if masks is None or masks.shape[0] != people + 1:
                found = "none" if masks is None else str(masks.shape[0])
                raise ValueError(
                    f"{people} speakers need {people + 1} masks, the last of the background: got {found}."
                )
            tokens, head_size = self.audio_sizes.tokens, self.config.attention_head_dim
            speakers = SpeakerPlaces.of(masks, tokens, head_size, runtime)
        projected = self.audio_proj(windows.to(runtime.backend.device, runtime.backend.dtype))
        return Speech(projected.transpose(0, 1).flatten(1, 2), speakers)

    def silence(self, frames: int, *, runtime: Runtime) -> Speech:
        """Return the speech to be guided away from: zeros for one person, however many there are."""
        sizes = self.audio_sizes
        return self.speech(torch.zeros(1, frames, sizes.window, sizes.layers, sizes.width), runtime=runtime)

    def velocity(
        self,
        latents: Tensor,
        timestep: Tensor,
        context: Context,
        speech: Speech,
        *,
        runtime: Runtime,
        cache: BranchCache | None = None,
    ) -> Tensor:
        """Return the velocity of one branch, float32 [1, 16, T, h, w], at latents [1, 36, T, h, w].

        `timestep` is float [1] in 0..1000. Raises `ValueError` for speech of another length or masks of
        another size than the latents'.
        """
        extension = SpeechExtension(speech, self.grid(latents), runtime)
        return self.denoise(latents, timestep, context, runtime=runtime, cache=cache, extension=extension)
