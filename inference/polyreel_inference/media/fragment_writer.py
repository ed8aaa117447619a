"""Writing of MP4 video that can be played while it is made."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from polyreel_inference.media.color_tags import ColorTags
from polyreel_inference.media.errors import EncodingFailed
from polyreel_inference.media.fragmented_mp4 import FragmentedMp4, Sample, Track
from polyreel_inference.media.group_encoder import GroupEncoder
from polyreel_inference.media.mp4_boxes import aac_sample_entry, avc_sample_entry
from polyreel_inference.media.orientation import Frame
from polyreel_inference.media.sound_encoder import DELAY, SoundEncoder
from polyreel_inference.media.video_writer import AAC_BITS_PER_SECOND

_LARGEST_DENOMINATOR = 1001
_SMALLEST_TIMESCALE = 1000


class FragmentWriter:
    """Writes `frames` frames of `width` x `height` pixels (even) at constant `fps`, group by group.

    H.264 (yuv420p, in BT.709 or as `colors` says) with the sound of `audio` as AAC at its own sample rate (or
    the nearest one of `AAC_RATES`), cut or padded with silence to the duration of the frames. Everything is
    encoded once. A pixel is `pixel_aspect` times as wide as high.
    Bytes go to `send` as soon as a group is encoded; after each group all of it can be played, sound
    included. The beginning tells the length of the whole already, so `frames` must come, no more, no less.

    Raises `EncodingFailed`, and `UnreadableMedia` at once when `audio` holds no sound.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        width: int,
        height: int,
        fps: float,
        frames: int,
        audio: Path | None = None,
        *,
        crf: int = 20,
        preset: str = "veryfast",
        colors: ColorTags | None = None,
        pixel_aspect: Fraction = Fraction(1),
    ) -> None:
        if width < 2 or height < 2 or width % 2 or height % 2 or not 0 < fps <= 240 or frames < 1:
            raise ValueError(f"cannot write {frames} frames of {width}x{height} at {fps} fps")
        self.frames = 0
        self._send = send
        self._size = width, height
        self._total = frames
        self._rate = Fraction(fps).limit_denominator(_LARGEST_DENOMINATOR)
        fineness = -(-_SMALLEST_TIMESCALE // self._rate.numerator)
        self._timescale = self._rate.numerator * fineness
        self._frame_duration = self._rate.denominator * fineness
        self._colors, self._pixel_aspect = colors or ColorTags(), pixel_aspect
        self._pictures = GroupEncoder(
            width,
            height,
            self._timescale,
            self._frame_duration,
            crf=crf,
            preset=preset,
            colors=self._colors,
            pixel_aspect=pixel_aspect,
        )
        self._sound = None if audio is None else SoundEncoder(audio)
        self._file = FragmentedMp4(self._tracks(), frames * self._frame_duration)

    def write(self, group: Iterable[Frame]) -> None:
        """Append frames, uint8 RGB [height, width, 3], at least one, and send them before returning."""
        pictures = self._pictures.encode(group)
        if not pictures or self.frames + len(pictures) > self._total:
            raise EncodingFailed(f"{len(pictures)} frames came after {self.frames} of {self._total}")
        if self.frames == 0:
            self._send(self._file.beginning())
        self.frames += len(pictures)
        sound = [] if self._sound is None else [self._sound_until_now(self._sound)]
        self._send(self._file.fragment([pictures, *sound]))

    def finish(self) -> None:
        """Send the index that lets players jump."""
        if self.frames != self._total:
            raise EncodingFailed(f"only {self.frames} of {self._total} frames were written")
        self._send(self._file.end())

    def _tracks(self) -> list[Track]:
        colors = (self._colors.primaries, self._colors.transfer, self._colors.matrix)
        width, height = self._size
        entry = avc_sample_entry(width, height, self._pictures.configuration, colors, self._pixel_aspect)
        shown_width = round(width * self._pixel_aspect)
        tracks = [Track(self._timescale, entry, shown_width, height, skip=self._pictures.delay)]
        if (sound := self._sound) is not None:
            entry = aac_sample_entry(
                sound.sample_rate, sound.channels, sound.configuration, AAC_BITS_PER_SECOND
            )
            tracks.append(Track(sound.sample_rate, entry, skip=DELAY))
        return tracks

    def _sound_until_now(self, encoder: SoundEncoder) -> list[Sample]:
        now, end = (round(count / self._rate * encoder.sample_rate) for count in (self.frames, self._total))
        samples = encoder.until(now)
        # The last sound may come with an earlier group than the last, short one.
        if samples and (surplus := encoder.position - end) > 0:
            samples[-1] = replace(samples[-1], duration=samples[-1].duration - surplus)
        return samples
