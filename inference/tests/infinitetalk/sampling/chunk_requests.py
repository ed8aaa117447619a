"""Chunks of random content for the tiny transformer."""

from typing import Any

from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest, Sampling
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings
from tests.infinitetalk.transformer.tiny_transformer import STATES, Size, masks, random_numbers, windows

EVEN: Size = (2, 4, 8)
UNEVEN: Size = (3, 6, 10)
"""Latent sizes of 16 tokens, which 2 and 4 ranks divide, and of 45, which they do not."""

CACHED: dict[str, Any] = {"step_cache_threshold": 9.0, "step_cache_coefficients": (1.0, 0.0)}
"""A step cache that takes the change of the time embedding as it is."""


def sampling(**changes: Any) -> Sampling:
    """Return three steps guided in both directions."""
    fields: dict[str, Any] = {"steps": 3, "shift": 7.0, "text_scale": 5.0, "audio_scale": 4.0}
    return Sampling(**fields | changes)


def chunk_request(
    size: Size = EVEN, people: int = 1, motion: int = 1, seed: int = 1, **changes: Any
) -> ChunkRequest:
    """Return a chunk whose sampling is changed by `changes`."""
    grid = None if people == 1 else masks(people, size[1] // 2, size[2] // 2)
    return ChunkRequest(
        sampling=sampling(**changes),
        noise=random_numbers(16, *size, seed=seed),
        motion=random_numbers(16, motion, *size[1:], seed=seed + 1),
        condition=random_numbers(20, *size, seed=seed + 2),
        image=random_numbers(9, STATES, seed=seed + 3),
        text=random_numbers(6, STATES, seed=seed + 4),
        negative_text=random_numbers(6, STATES, seed=seed + 5),
        windows=windows(people, size[0], seed=seed + 6),
        masks=grid,
    )


def varied_requests() -> list[ChunkRequest]:
    """Return chunks of one and of several people, sampled in every way."""
    return [
        chunk_request(),
        chunk_request(UNEVEN, people=2, motion=2),
        chunk_request(UNEVEN, people=3, text_scale=1.0, audio_scale=2.0),
        chunk_request(EVEN, text_scale=3.0, audio_scale=1.0),
        chunk_request(EVEN, people=2, text_scale=1.0, audio_scale=1.0),
        chunk_request(UNEVEN, people=2, projection=ProjectionSettings()),
        chunk_request(EVEN, steps=8, **CACHED),
    ]
