"""The sound files of a job as the model and as the viewer hear them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polyreel_inference.engines.infinitetalk.audio.arrangement import AudioMode, arrange_tracks
from polyreel_inference.engines.infinitetalk.audio.loudness import loudness_gain
from polyreel_inference.engines.infinitetalk.audio.speech import SPEECH_RATE, frames_of, load_speech
from polyreel_inference.media.audio import Samples, concatenate_audio, mix_audio


@dataclass(frozen=True)
class Voices:
    """What is said.

    `tracks` is for the speech encoder: one track per person, all of the same length, float32 [samples] at
    16 kHz. `sound` is the file for the viewer: that of a single speaker as it came, else the mix of all in
    stereo at the highest of their sample rates.
    """

    tracks: tuple[Samples, ...]
    sound: Path

    @property
    def frames(self) -> int:
        """Frames of video at 25 per second that the speech fills."""
        return frames_of(len(self.tracks[0]))


def load_voices(files: Sequence[Path], people: Sequence[int | None], mode: AudioMode, mixed: Path) -> Voices:
    """Read the sound files and lay them out for `people`, who each speak one of them or (None) nothing.

    All are brought to the same loudness; what several say is written to `mixed`, a WAV. Raises
    `UnreadableMedia` for files without readable sound and `EngineError` when nobody speaks.
    """
    speech = [load_speech(file) for file in files]
    gains = [loudness_gain(samples, SPEECH_RATE) for samples in speech]
    level = [samples * gain for samples, gain in zip(speech, gains, strict=True)]
    tracks = arrange_tracks([None if voice is None else level[voice] for voice in people], mode)
    if len(files) == 1:
        return Voices(tuple(tracks), files[0])
    (concatenate_audio if mode == "add" else mix_audio)(files, mixed, gains)
    return Voices(tuple(tracks), mixed)
