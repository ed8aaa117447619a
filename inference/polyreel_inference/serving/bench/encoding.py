"""Text encoder, image encoder and autoencoder at full size, measured as the engine uses them."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from diffusers import AutoencoderKLWan
from torch import nn

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.encoders.image_encoder import CLIP_VIT_H, ImageEncoder, build_clip
from polyreel_inference.diffusion.encoders.text_encoder import UMT5_XXL, build_umt5
from polyreel_inference.diffusion.memory.policy import MemoryPolicy
from polyreel_inference.diffusion.vae.channels_last import store_channels_last
from polyreel_inference.diffusion.vae.streaming_decoder import StreamingDecoder
from polyreel_inference.diffusion.vae.video_encoder import VideoEncoder, image_condition
from polyreel_inference.serving.bench.news import tell
from polyreel_inference.serving.bench.random_modules import random_module
from polyreel_inference.serving.bench.stopwatch import seconds

# Room for prompts of usual length and the negative one.
_PROMPT_TOKENS = 128


@dataclass(frozen=True)
class VaeSeconds:
    """Encoding a picture as the condition of a video, encoding motion frames, and decoding the video."""

    condition: float | None
    motion: float | None
    decode: float


@dataclass(frozen=True)
class EncodingBench:
    """Measures one part after another; each is made for its measurement and let go afterwards.

    Where the memory policy keeps encoders in host memory, their way to the device is part of the time.
    """

    width: int
    height: int
    frames: int
    backend: Backend
    memory: MemoryPolicy

    def text_encoder(self, texts: int) -> float:
        """Return the seconds of encoding so many texts at once."""
        tell("text encoder")
        encoder: Any = self._random(lambda: build_umt5(UMT5_XXL))
        size = (texts, _PROMPT_TOKENS)
        tokens = torch.randint(1, UMT5_XXL["vocab_size"], size).to(self.backend.device)
        mask = torch.ones_like(tokens)
        return self._seconds(encoder, lambda: encoder(input_ids=tokens, attention_mask=mask))

    def image_encoder(self) -> float:
        """Return the seconds of encoding one picture."""
        tell("image encoder")
        model = self._random(lambda: build_clip(CLIP_VIT_H))
        encoder, picture = ImageEncoder(model, self.backend), self._picture()
        return self._seconds(model, lambda: encoder.encode(picture))

    def vae(
        self, *, conditioned: bool, motion_frames: int = 0, dtype: torch.dtype | None = None
    ) -> VaeSeconds:
        """Measure the autoencoder in `dtype` (None: the backend's).

        That is with the first picture as a condition, and with so many frames that a chunk begins with.
        """
        tell("autoencoder")
        backend = self.backend
        vae = self._random(AutoencoderKLWan, dtype)
        if backend.name == "cuda":
            store_channels_last(vae)
        encoder, decoder = VideoEncoder(vae, backend), StreamingDecoder(vae, backend)
        picture = self._picture()
        motion = picture[:, None].expand(-1, motion_frames, -1, -1)
        latents = torch.randn(16, (self.frames - 1) // 4 + 1, self.height // 8, self.width // 8)
        condition = encoding = None
        if conditioned:
            condition = self._seconds(vae, lambda: image_condition(encoder, picture, self.frames), times=1)
        if motion_frames:
            encoding = self._seconds(vae, lambda: encoder.encode(motion), times=1)
        return VaeSeconds(
            condition, encoding, self._seconds(vae, lambda: _exhaust(decoder, latents), times=1)
        )

    def _picture(self) -> torch.Tensor:
        return torch.rand(3, self.height, self.width) * 2 - 1

    def _random(self, build: Callable[[], nn.Module], dtype: torch.dtype | None = None) -> Any:
        return random_module(build, self.memory.encoder_load_device, dtype or self.backend.dtype)

    def _seconds(self, module: nn.Module, action: Callable[[], object], times: int = 3) -> float:
        placement = self.memory.encoders()
        placement.place(module)

        def use() -> None:
            with torch.no_grad(), placement.on_device(module):
                action()
                self.backend.synchronize()

        use()
        return median(seconds(self.backend, use) for _ in range(times))


def _exhaust(decoder: StreamingDecoder, latents: torch.Tensor) -> None:
    for _ in decoder.frames(latents):
        pass
