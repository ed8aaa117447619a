"""Sizes: those of the training by the shape of the source, and those asked for."""

import pytest

from polyreel_inference.engines.infinitetalk.reference.buckets import (
    Resolution,
    VideoSize,
    bucket_for,
    bucket_sizes,
    requested_size,
)


@pytest.mark.parametrize(
    ("source", "resolution", "wanted"),
    [
        ((1000, 1000), "480p", (640, 640)),
        ((1920, 1080), "480p", (896, 448)),
        ((1080, 1920), "480p", (448, 832)),
        ((1200, 800), "480p", (768, 512)),
        ((4000, 100), "480p", (1216, 320)),
        ((100, 4000), "480p", (320, 1280)),
        ((1000, 1000), "720p", (960, 960)),
        ((1920, 1080), "720p", (1280, 704)),
        ((1080, 1920), "720p", (704, 1280)),
        ((4000, 100), "720p", (2048, 448)),
        ((100, 4000), "720p", (512, 1920)),
    ],
)
def test_the_trained_size_nearest_in_shape_is_taken(
    source: tuple[int, int], resolution: Resolution, wanted: tuple[int, int]
) -> None:
    assert bucket_for(*source, resolution) == VideoSize(*wanted)


@pytest.mark.parametrize(("resolution", "count"), [("480p", 15), ("720p", 21)])
def test_every_trained_size_divides_by_16_and_its_tokens_too(resolution: Resolution, count: int) -> None:
    sizes = bucket_sizes(resolution)

    assert len(sizes) == count
    assert all(size.width % 16 == size.height % 16 == size.tokens % 16 == 0 for size in sizes)


def test_every_trained_size_is_that_of_a_source_of_its_shape() -> None:
    for resolution in ("480p", "720p"):
        for size in bucket_sizes(resolution):
            assert bucket_for(size.width * 3, size.height * 3, resolution) == size


@pytest.mark.parametrize(
    ("width", "height", "wanted"),
    [
        (640, 360, (640, 368)),
        (100, 7, (96, 16)),
        (1280, None, (1280, 720)),
        (None, 480, (848, 480)),
    ],
)
def test_sizes_asked_for_become_multiples_of_16(
    width: int | None, height: int | None, wanted: tuple[int, int]
) -> None:
    assert requested_size(1920, 1080, width, height) == VideoSize(*wanted)


def test_a_size_needs_a_side() -> None:
    with pytest.raises(ValueError, match="no size"):
        requested_size(1920, 1080, None, None)
