"""A tiny InfiniteTalk model as published: the Wan base, both checkpoints and the speech encoder.

`python -m tests.checkpoints.infinitetalk FOLDER` writes it from a shell.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.checkpoints import infinitetalk_sizes as sizes
from tests.checkpoints import infinitetalk_tensors as tensors
from tests.checkpoints.files import write_json, write_shards
from tests.checkpoints.layouts import IMAGE_ENCODER, TEXT_ENCODER, VAE, WEIGHTS
from tests.checkpoints.tokenizer import write_tokenizer

_PUBLISHED_SHARDS = 7


@dataclass(frozen=True)
class InfiniteTalkFiles:
    """Where the parts lie: the folder of the base, the two checkpoints, the folder of wav2vec2."""

    base: Path
    single: Path
    multi: Path
    speech: Path


def infinitetalk_files(folder: Path) -> InfiniteTalkFiles:
    """Return where `write_infinitetalk` puts the parts below `folder`."""
    return InfiniteTalkFiles(
        base=folder / "Wan2.1-I2V-14B-480P",
        single=folder / "InfiniteTalk" / "single" / "infinitetalk.safetensors",
        multi=folder / "InfiniteTalk" / "multi" / "infinitetalk.safetensors",
        speech=folder / "chinese-wav2vec2-base",
    )


def write_infinitetalk(folder: Path, dtype: torch.dtype = torch.bfloat16) -> InfiniteTalkFiles:
    """Write the whole model, some 0.2 GB, in about a second.

    `dtype` is that of the two InfiniteTalk files, published in bfloat16; the other parts have the published
    one. The numbers of a part do not depend on the other parts, those of the two checkpoints differ.
    """
    files = infinitetalk_files(folder)
    _write_base(files.base)
    for name, path in (("single", files.single), ("multi", files.multi)):
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = {key: value.to(dtype) for key, value in tensors.audio_parts(name).items()}
        save_file(parts, path, metadata={"format": "pt"})
    write_speech_encoder(files.speech)
    return files


def _write_base(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", sizes.TRANSFORMER_CONFIG)
    write_shards(folder, WEIGHTS, tensors.base_transformer(), shards=_PUBLISHED_SHARDS)
    encoders = (
        (TEXT_ENCODER, sizes.TEXT_ENCODER_CONFIG, tensors.text_encoder()),
        (IMAGE_ENCODER, sizes.IMAGE_ENCODER_CONFIG, tensors.image_encoder()),
        (VAE, sizes.AUTOENCODER_CONFIG, tensors.autoencoder()),
    )
    for stem, config, values in encoders:
        torch.save(values, folder / f"{stem}.pth")
        # The published files carry no sizes; a configuration of the same name beside them states other ones.
        write_json(folder / f"{stem}.json", config)
    write_tokenizer(folder / "google" / "umt5-xxl")


def write_speech_encoder(folder: Path) -> None:
    """Write the folder of wav2vec2 alone."""
    write_json(folder / "config.json", sizes.SPEECH_ENCODER_CONFIG)
    write_json(folder / "preprocessor_config.json", sizes.SPEECH_FEATURES_CONFIG)
    write_shards(folder, "model", tensors.speech_encoder())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.checkpoints.infinitetalk")
    parser.add_argument("folder", type=Path)
    write_infinitetalk(parser.parse_args().folder)
