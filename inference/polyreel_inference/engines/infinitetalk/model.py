"""A model of InfiniteTalk on disk: Wan's folder, the checkpoint with the audio parts, the speech encoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.engines.infinitetalk.audio.wav2vec2_folder import read_config, weight_files
from polyreel_inference.engines.infinitetalk.transformer.checkpoint import InfiniteTalkCheckpoint

_FILE = "infinitetalk.safetensors"


@dataclass(frozen=True)
class InfiniteTalkModel:
    """All files of one model; `open` recognises them and reads nothing but configurations."""

    checkpoint: InfiniteTalkCheckpoint
    speech: Path
    adapters: tuple[LoraFile, ...]

    @classmethod
    def open(
        cls, base: Path, weights: Sequence[Path], speech: Path, adapters: Sequence[LoraFile] = ()
    ) -> "InfiniteTalkModel":
        """Look at all places. Raises `WeightsError` saying what is missing or of another kind.

        `base` is the folder Wan2.1-I2V-14B-480P; `weights` the file infinitetalk.safetensors (for one or for
        several speakers) or a folder that holds it, before it files of the whole transformer, if any (see
        `InfiniteTalkCheckpoint`); `speech` the folder chinese-wav2vec2-base.
        """
        checkpoint = InfiniteTalkCheckpoint.open(WanFolder.open(base), [_file(place) for place in weights])
        if not speech.is_dir():
            raise WeightsError(f"{speech} is not a folder; give the one of chinese-wav2vec2-base.")
        read_config(speech)
        weight_files(speech).close()
        for adapter in adapters:
            if not adapter.path.is_file():
                raise WeightsError(f"There is no LoRA file {adapter.path}.")
        return cls(checkpoint, speech, tuple(adapters))

    @property
    def base(self) -> WanFolder:
        """The model of Wan that it extends."""
        return self.checkpoint.base


def _file(place: Path) -> Path:
    if place.is_file():
        return place
    if (place / _FILE).is_file():
        return place / _FILE
    inner = sorted(path.parent.name for path in place.glob(f"*/{_FILE}"))
    if inner:
        raise WeightsError(f"{place} holds several models, {', '.join(inner)}: give the folder of one.")
    raise WeightsError(f"{place} is neither a file of weights nor a folder with {_FILE}.")
