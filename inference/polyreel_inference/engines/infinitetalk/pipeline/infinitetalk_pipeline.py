"""Talking videos of any length, a few frames at a time."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.audio.windows import audio_windows, mirror_tail
from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import Chunk
from polyreel_inference.engines.infinitetalk.pipeline.chunk_noise import ChunkNoise
from polyreel_inference.engines.infinitetalk.pipeline.conditioning import Conditioning, ReferenceConditioning
from polyreel_inference.engines.infinitetalk.pipeline.networks import Networks
from polyreel_inference.engines.infinitetalk.pipeline.talk_request import Take, TalkRequest
from polyreel_inference.engines.infinitetalk.reference.color_correction import ColorCorrection
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest
from polyreel_inference.parallel.gate import Check

Denoise = Callable[[ChunkRequest, Check], Tensor]
"""Denoises a chunk on all ranks; `Check` is called before each step with the steps done."""

_LATENT_CHANNELS = 16
_PIXELS_PER_LATENT = 8


@dataclass(frozen=True)
class Frames:
    """The next frames of a video: `pictures` float32 [n, 3, height, width] in -1..1 on the device.

    `chunk` counts the chunks of the whole video from 0; `ends_chunk` tells that what follows, if anything,
    has to be denoised first.
    """

    pictures: Tensor
    chunk: int
    ends_chunk: bool


class InfiniteTalkPipeline:
    """Encoders and autoencoder around a denoiser that may be spread over many ranks.

    It keeps nothing of a request, and of a video no more than the frames that a chunk begins with.
    """

    def __init__(self, networks: Networks, denoise: Denoise) -> None:
        self._networks = networks
        self._denoise = denoise

    def generate(self, request: TalkRequest, check: Check) -> Generator[Frames]:
        """Yield the video in order, up to four frames at a time; the next chunk waits until all are taken.

        `check` is called before each denoising step with the number of those done in all chunks; what it
        raises ends the video. Raises `ValueError` for a request whose parts do not fit each other.
        """
        if request.sampling.needs_negative_text and request.negative_prompt is None:
            raise ValueError("A text scale other than 1 needs a negative prompt to be guided away from.")
        texts = self._networks.encode_texts(
            request.prompt, request.negative_prompt if request.sampling.needs_negative_text else None
        )
        made = 0
        for take in request.takes:
            yield from _TakeMaking(self._networks, self._denoise, request, take, texts, made).frames(check)
            made += len(take.plan.chunks)

    def unread_tokens(self, text: str) -> int:
        """Return how many tokens at the end of a prompt the model does not see, because it is too long."""
        return self._networks.text_encoder.unread_tokens(text)


class _TakeMaking:
    """One take under way. `made` chunks of the video come before it."""

    def __init__(
        self,
        networks: Networks,
        denoise: Denoise,
        request: TalkRequest,
        take: Take,
        texts: tuple[Tensor, Tensor | None],
        made: int,
    ) -> None:
        self._networks, self._denoise, self._request, self._take = networks, denoise, request, take
        self._texts = texts
        self._made = made
        self._noise = ChunkNoise(request.seed)
        self._conditioning = ReferenceConditioning(networks, take.reference, request.width, request.height)
        self._correction: ColorCorrection | None = None
        self._motion: list[Tensor] = []

    def frames(self, check: Check) -> Iterator[Frames]:
        for chunk in self._take.plan.chunks:
            conditioning = self._conditioning.of(chunk.start, chunk.frames)
            if self._correction is None:
                reference = conditioning.picture.to(self._networks.backend.device)
                self._correction = ColorCorrection(reference, self._request.color_correction)
            latents = self._latents(chunk, conditioning, check)
            yield from self._shown(chunk, latents, self._correction)

    def _latents(self, chunk: Chunk, conditioning: Conditioning, check: Check) -> Tensor:
        request, sampling, first = self._request, self._request.sampling, chunk.index == 0
        motion = conditioning.latent
        if not first:
            motion = self._networks.encode_video(torch.cat(self._motion))
        height, width = request.height // _PIXELS_PER_LATENT, request.width // _PIXELS_PER_LATENT
        shape = (_LATENT_CHANNELS, chunk.latent_frames, height, width)
        speech = [mirror_tail(person, chunk.end) for person in self._take.speech]
        text, negative_text = self._texts
        work = ChunkRequest(
            sampling=sampling,
            noise=self._noise.draw(shape, motion.shape[1], sampling.steps, first=first),
            motion=motion,
            condition=conditioning.condition,
            image=conditioning.image,
            text=text,
            negative_text=negative_text,
            windows=audio_windows(speech, chunk.start, chunk.frames),
            masks=request.masks,
        )
        done = (self._made + chunk.index) * sampling.steps
        return self._denoise(work, lambda steps: check(done + steps))

    def _shown(self, chunk: Chunk, latents: Tensor, correction: ColorCorrection) -> Iterator[Frames]:
        """Decode what the video shows and what the next chunk begins with, and nothing behind it."""
        begin, end = chunk.skipped, chunk.skipped + chunk.kept
        handed_on = chunk.frames - chunk.handed_on
        self._motion = []
        position = 0
        with closing(self._networks.decode_video(latents)) as groups:
            for group in groups:
                start, position = position, position + len(group)
                first, last = max(start, min(begin, handed_on)), min(position, end)
                if first >= last:
                    continue
                used = group[first - start : last - start].transpose(0, 1)
                corrected = correction.apply(used).transpose(0, 1)
                if last > handed_on:
                    self._motion.append(corrected[max(0, handed_on - first) :])
                shown = corrected[max(0, begin - first) :]
                if len(shown) > 0:
                    yield Frames(shown, self._made + chunk.index, ends_chunk=last == end)
                if last == end:
                    break
