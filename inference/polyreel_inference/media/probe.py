"""Facts about a media file, read from its header and its first picture."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer

from polyreel_inference.media.container import open_container
from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.limits import MOST_PIXELS
from polyreel_inference.media.orientation import Orientation

_WIDEST_PIXEL = 10
"""Ratio of a pixel's sides, either way, beyond which it is taken for square: no camera makes such."""


@dataclass(frozen=True)
class Shown:
    """Pictures as they are to be shown, after rotation: in pixels, and a pixel's width by its height."""

    width: int = 0
    height: int = 0
    pixel_aspect: Fraction = Fraction(1)


@dataclass(frozen=True)
class MediaFacts:
    """What a file holds. Numbers of a missing picture or sound track are 0.

    `duration` is in seconds by the header, 0 when the header does not say; `width` and `height` in pixels as
    shown (after rotation), `pixel_aspect` the width of such a pixel by its height; `fps` the average frames
    per second; `sample_rate` in Hz.
    """

    duration: float
    width: int
    height: int
    pixel_aspect: Fraction
    fps: float
    sample_rate: int
    channels: int
    has_video: bool
    has_audio: bool


def probe(path: Path) -> MediaFacts:
    """Read the facts of a file. Raises `UnreadableMedia` when it holds neither picture nor sound."""
    with open_container(path) as container:
        video = next((stream for stream in container.streams.video if not is_cover(stream)), None)
        audio = next(iter(container.streams.audio), None)
        if video is None and audio is None:
            raise UnreadableMedia("The file holds neither picture nor sound.")
        shown = shown_pictures(container, video) if video is not None else Shown()
        fps = float(video.average_rate or video.guessed_rate or 0) if video is not None else 0.0
        return MediaFacts(
            duration=_duration(container),
            width=shown.width,
            height=shown.height,
            pixel_aspect=shown.pixel_aspect,
            fps=fps,
            sample_rate=audio.codec_context.sample_rate if audio is not None else 0,
            channels=audio.codec_context.channels if audio is not None else 0,
            has_video=video is not None,
            has_audio=audio is not None,
        )


def is_cover(stream: av.VideoStream) -> bool:
    """Whether the track is the still cover picture of a music file rather than video."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def limit_size(stream: av.VideoStream) -> None:
    """Keep the decoder from frames above `MOST_PIXELS`, also where their size changes midway.

    To be called before decoding. Raises `UnreadableMedia` where the header says already that they are larger.
    """
    codec = stream.codec_context
    if codec.width * codec.height > MOST_PIXELS:
        raise UnreadableMedia(
            f"The video has {codec.width}x{codec.height} pixels; at most {MOST_PIXELS} are allowed."
        )
    codec.options = {"max_pixels": str(MOST_PIXELS)}


def shown_pictures(container: InputContainer, stream: av.VideoStream) -> Shown:
    """Size and shape of the pixels after rotation, by decoding the first picture."""
    limit_size(stream)
    for frame in container.decode(stream):
        orientation = Orientation.of(frame)
        return Shown(
            *orientation.size(frame.width, frame.height),
            orientation.pixel_aspect(_stored_pixel_aspect(stream)),
        )
    raise UnreadableMedia("The video holds no readable picture.")


def _stored_pixel_aspect(stream: av.VideoStream) -> Fraction:
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, _WIDEST_PIXEL) <= aspect <= _WIDEST_PIXEL:
        return Fraction(1)
    return aspect.limit_denominator(1000)


def _duration(container: InputContainer) -> float:
    if container.duration is not None and container.duration > 0:
        return container.duration / av.time_base
    spans = [
        float(stream.duration * stream.time_base)
        for stream in container.streams
        if stream.duration is not None and stream.time_base is not None
    ]
    return max(spans, default=0.0)
