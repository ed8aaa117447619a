"""From a prompt and pictures to frames: what the leading rank does around the denoising."""

import logging
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.encoders.image_encoder import ImageEncoder
from polyreel_inference.diffusion.encoders.text_encoder import TextEncoder
from polyreel_inference.diffusion.memory.encoder_placement import EncoderPlacement
from polyreel_inference.diffusion.sampling.flow_schedule import DISTILLED_SHIFT, reshifted
from polyreel_inference.diffusion.sampling.sampler import SamplingMethod
from polyreel_inference.diffusion.vae.streaming_decoder import StreamingDecoder
from polyreel_inference.diffusion.vae.video_encoder import FRAMES_PER_LATENT, VideoEncoder, image_condition
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.parallel.gate import Check

_logger = logging.getLogger("polyreel")

LATENT_CHANNELS = 16
PIXELS_PER_LATENT = 8

Denoise = Callable[[DenoiseRequest, Check], Tensor]
"""Denoises on all ranks: `Team.run`, told which model is meant."""


@dataclass(frozen=True)
class VideoRequest:
    """One video. Width and height are multiples of 16 pixels, `frames` is 4n + 1 and that of one fragment.

    `image` and `last_image` are float [3, height, width] in -1..1; models from text take neither. A fragment
    after the first begins with the last frame of the one before, which is not repeated; `last_image` ends the
    last one. A `negative_prompt` is needed where a guidance scale is above 1.
    """

    prompt: str
    width: int
    height: int
    frames: int
    seed: int
    steps: int
    shift: float
    guidance_scale: float = 1.0
    low_noise_guidance_scale: float | None = None
    negative_prompt: str | None = None
    image: Tensor | None = None
    last_image: Tensor | None = None
    fragments: int = 1
    step_cache_threshold: float = 0.0


class WanPipeline:
    """Encoders and autoencoder of one model, around a denoiser that may be spread over many ranks.

    `image_encoder` is None for models that see pictures by the autoencoder alone. `method` and `boundary` are
    the model's own (see `DenoiseRequest`). It keeps nothing of a request.
    """

    def __init__(
        self,
        text_encoder: TextEncoder,
        image_encoder: ImageEncoder | None,
        vae: AutoencoderKLWan,
        denoise: Denoise,
        *,
        backend: Backend,
        placement: EncoderPlacement,
        method: SamplingMethod = "unipc",
        boundary: float | None = None,
    ) -> None:
        self._text_encoder = text_encoder
        self._image_encoder = image_encoder
        self._vae = vae
        self._denoise = denoise
        self._placement = placement
        self._method = method
        self._boundary = boundary
        self._decoder = StreamingDecoder(vae, backend)
        self._encoder = VideoEncoder(vae, backend)

    def frames(self, request: VideoRequest, check: Check) -> Generator[Tensor]:
        """Yield the video in order as float32 [n, 3, height, width] in -1..1 on the device, n up to 4.

        `check` is called before each denoising step with the number of those done in all fragments; what it
        raises ends the video. Raises `ValueError` for several fragments of one frame, which would repeat it,
        and `EngineError` when the numbers left the range of their type: decoded they would be a black video.
        """
        if request.fragments > 1 and request.frames == 1:
            raise ValueError("Fragments of one frame make no video: ask for at least 5 frames.")
        text, negative_text = self._encode_texts(request)
        image = request.image
        for fragment in range(request.fragments):
            last = request.last_image if fragment == request.fragments - 1 else None
            latents = self._latents(request, fragment, text, negative_text, image, last, check)
            with closing(self._decode(latents)) as groups:
                del latents
                if fragment > 0:
                    next(groups)
                for group in groups:
                    image = group[-1]
                    yield group

    def unread_tokens(self, text: str) -> int:
        """Return how many tokens at the end of a prompt the model does not see, because it is too long."""
        return self._text_encoder.unread_tokens(text)

    def _encode_texts(self, request: VideoRequest) -> tuple[Tensor, Tensor | None]:
        texts = [request.prompt]
        if request.negative_prompt is not None:
            texts.append(request.negative_prompt)
        with self._placement.on_device(self._text_encoder.model):
            states = self._text_encoder.encode(texts).cpu()
        return states[0], states[1] if len(texts) > 1 else None

    def _latents(
        self,
        request: VideoRequest,
        fragment: int,
        text: Tensor,
        negative_text: Tensor | None,
        image: Tensor | None,
        last_image: Tensor | None,
        check: Check,
    ) -> Tensor:
        done = fragment * request.steps
        latent_frames = request.frames // FRAMES_PER_LATENT + 1
        height, width = request.height // PIXELS_PER_LATENT, request.width // PIXELS_PER_LATENT
        work = DenoiseRequest(
            text=text,
            negative_text=negative_text,
            image=self._image_states(image, last_image),
            condition=self._condition(image, last_image, request.frames),
            shape=(LATENT_CHANNELS, latent_frames, height, width),
            # Fragments with the same noise would repeat the same movement.
            seed=request.seed + fragment,
            steps=request.steps,
            shift=request.shift,
            method=self._method,
            guidance_scale=request.guidance_scale,
            low_noise_guidance_scale=request.low_noise_guidance_scale,
            boundary=self._boundary_at(request.shift),
            step_cache_threshold=request.step_cache_threshold,
        )
        latents = self._denoise(work, lambda steps: check(done + steps))
        _require_finite(latents)
        return latents

    def _boundary_at(self, shift: float) -> float | None:
        if self._boundary is None or self._method != "distilled":
            return self._boundary
        # Each expert learnt certain steps, and keeps them wherever another shift moves their noise levels.
        return reshifted(self._boundary, DISTILLED_SHIFT, shift)

    def _image_states(self, image: Tensor | None, last_image: Tensor | None) -> Tensor | None:
        encoder = self._image_encoder
        if encoder is None or image is None:
            return None
        pictures = [image] if last_image is None else [image, last_image]
        with self._placement.on_device(encoder.model):
            return torch.cat([encoder.encode(picture) for picture in pictures]).cpu()

    def _condition(self, image: Tensor | None, last_image: Tensor | None, frames: int) -> Tensor | None:
        if image is None:
            return None
        with self._placement.on_device(self._vae):
            return image_condition(self._encoder, image, frames, last_image).cpu()

    def _decode(self, latents: Tensor) -> Generator[Tensor]:
        with self._placement.on_device(self._vae):
            yield from self._decoder.frames(latents)


def _require_finite(latents: Tensor) -> None:
    if bool(latents.isfinite().all()):
        return
    _logger.error("The denoising ended in numbers that are not finite; --dtype bfloat16 holds larger ones.")
    raise EngineError(
        ErrorCode.INTERNAL,
        "The model's numbers left the range of their type, so there is no video. Other words, or a lower"
        " guidance or shift, may help.",
        retryable=False,
    )
