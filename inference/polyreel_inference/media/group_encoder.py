"""H.264 in groups that are encoded, and can be decoded, each by itself."""

from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import ColorRange

from polyreel_inference.media.color_tags import ColorTags
from polyreel_inference.media.errors import EncodingFailed
from polyreel_inference.media.fragmented_mp4 import Sample
from polyreel_inference.media.orientation import Frame
from polyreel_inference.media.x264 import x264_parameters

REORDERED_FRAMES = 2
"""Pictures x264 decodes before an earlier one is shown, at most: it builds pyramids of two levels."""

_LIMITED_RANGE = 1
_GLOBAL_HEADER = 1 << 22


class GroupEncoder:
    """Encodes frames, uint8 RGB [height, width, 3], as yuv420p in the colours of `colors`, a group at a time.

    Nothing is held back at a group's end, unlike in a running encoder, which keeps the last second or two
    until more frames come. All groups share one `configuration` (AVCDecoderConfigurationRecord). `timescale`
    units make a second, `frame_duration` of them a frame. A pixel is `pixel_aspect` times as wide as high.
    """

    def __init__(
        self,
        width: int,
        height: int,
        timescale: int,
        frame_duration: int,
        *,
        crf: int,
        preset: str,
        colors: ColorTags,
        pixel_aspect: Fraction,
    ) -> None:
        self._shape = (height, width, 3)
        self._timescale, self._frame_duration = timescale, frame_duration
        self._colors, self._pixel_aspect = colors, pixel_aspect
        self._options = {"crf": str(crf), "preset": preset, "x264-params": x264_parameters("annexb=0")}
        self.delay = REORDERED_FRAMES * frame_duration
        """By how much each group's first picture is shown after it is decoded."""
        self.configuration = bytes(self._open().extradata or b"")

    def encode(self, frames: Iterable[Frame]) -> list[Sample]:
        """Encode one group. Raises `EncodingFailed`, and `ValueError` for a frame of another shape."""
        codec = self._open()
        packets = []
        try:
            for number, frame in enumerate(frames):
                packets += codec.encode(self._picture(frame, number))
            packets += codec.encode(None)
        except FFmpegError as error:
            raise EncodingFailed(f"H.264 cannot be encoded: {error}") from error
        # Not by the encoder's own decoding times: they lead by less in groups of one or two frames.
        return [
            Sample(
                bytes(packet),
                self._frame_duration,
                (packet.pts or 0) - number * self._frame_duration + self.delay,
                packet.is_keyframe,
            )
            for number, packet in enumerate(packets)
        ]

    def _open(self) -> av.VideoCodecContext:
        codec = av.VideoCodecContext.create("libx264", "w")
        codec.height, codec.width, _ = self._shape
        codec.pix_fmt = "yuv420p"
        codec.time_base = Fraction(1, self._timescale)
        codec.framerate = Fraction(self._timescale, self._frame_duration)
        codec.color_primaries, codec.color_trc = self._colors.primaries, self._colors.transfer
        codec.colorspace = self._colors.matrix
        codec.sample_aspect_ratio = self._pixel_aspect
        codec.color_range = _LIMITED_RANGE
        codec.flags |= _GLOBAL_HEADER
        codec.options = self._options
        try:
            codec.open()
        except FFmpegError as error:
            raise EncodingFailed(f"H.264 cannot be encoded like that: {error}") from error
        return codec

    def _picture(self, frame: Frame, number: int) -> av.VideoFrame:
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise ValueError(f"expected a uint8 frame of {self._shape}, got {frame.dtype} {frame.shape}")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24").reformat(
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            dst_colorspace=self._colors.colorspace,
        )
        picture.pts = number * self._frame_duration
        return picture
