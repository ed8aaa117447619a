"""The networks that only the leading rank has."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property

from diffusers import AutoencoderKLWan
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.encoders.image_encoder import ImageEncoder
from polyreel_inference.diffusion.encoders.text_encoder import TextEncoder
from polyreel_inference.diffusion.memory.encoder_placement import EncoderPlacement
from polyreel_inference.diffusion.vae.streaming_decoder import StreamingDecoder
from polyreel_inference.diffusion.vae.video_encoder import VideoEncoder


@dataclass(frozen=True)
class Networks:
    """Encoders and autoencoder, and who brings them to the device when they are used."""

    text_encoder: TextEncoder
    image_encoder: ImageEncoder
    vae: AutoencoderKLWan
    placement: EncoderPlacement
    backend: Backend

    @cached_property
    def video_encoder(self) -> VideoEncoder:
        """Frames to latents; to be used while `vae` is on the device."""
        return VideoEncoder(self.vae, self.backend)

    @cached_property
    def _decoder(self) -> StreamingDecoder:
        return StreamingDecoder(self.vae, self.backend)

    def encode_texts(self, prompt: str, negative_prompt: str | None) -> tuple[Tensor, Tensor | None]:
        """Return the states of both texts on the CPU, each [512, width]."""
        texts = [prompt] if negative_prompt is None else [prompt, negative_prompt]
        with self.placement.on_device(self.text_encoder.model):
            states = self.text_encoder.encode(texts).cpu()
        return states[0], states[1] if negative_prompt is not None else None

    def encode_video(self, frames: Tensor) -> Tensor:
        """Return float32 [16, T, h, w] on the CPU of frames [4 T - 3, 3, height, width] in -1..1."""
        with self.placement.on_device(self.vae):
            return self.video_encoder.encode(frames.transpose(0, 1)).cpu()

    def decode_video(self, latents: Tensor) -> Generator[Tensor]:
        """Yield float32 [1 or 4, 3, height, width] in -1..1 on the device of latents [16, T, h, w]."""
        with self.placement.on_device(self.vae):
            yield from self._decoder.frames(latents)
