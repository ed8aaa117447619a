"""A folder of the published wav2vec 2.0 base: its settings, and its tensors under transformers' names."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import Wav2Vec2Config

from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.name_maps import Destination
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles

LAYERS = 12
WIDTH = 768

# What only the training of the encoder needed.
_TRAINING = ("quantizer", "project_q", "project_hid", "lm_head", "masked_spec_embed")
_WEIGHT_NORM = {
    "encoder.pos_conv_embed.conv.weight_g": "encoder.pos_conv_embed.conv.parametrizations.weight.original0",
    "encoder.pos_conv_embed.conv.weight_v": "encoder.pos_conv_embed.conv.parametrizations.weight.original1",
}


def read_config(folder: Path) -> Wav2Vec2Config:
    """Read config.json. Raises `WeightsError` when it describes another encoder than InfiniteTalk's."""
    settings = _read(folder / "config.json")
    if settings.get("model_type") != "wav2vec2":
        raise WeightsError(f"{folder} holds no wav2vec 2.0 encoder; give a copy of chinese-wav2vec2-base.")
    # The mask of the training would be a parameter without use.
    config = Wav2Vec2Config.from_dict({**settings, "mask_time_prob": 0.0, "mask_feature_prob": 0.0})
    wanted = {
        "num_hidden_layers": LAYERS,
        "hidden_size": WIDTH,
        "do_stable_layer_norm": False,
        "feat_extract_norm": "group",
        "add_adapter": False,
    }
    for name, value in wanted.items():
        if getattr(config, name) != value:
            raise WeightsError(
                f"{folder}/config.json says {name} {getattr(config, name)}; InfiniteTalk was trained with"
                f" {value}, as in chinese-wav2vec2-base."
            )
    return config


def normalizes_volume(folder: Path) -> bool:
    """Whether the encoder wants sound of mean 0 and variance 1; true where the folder does not say."""
    path = folder / "preprocessor_config.json"
    return bool(_read(path).get("do_normalize", True)) if path.is_file() else True


def weight_files(folder: Path) -> TensorFiles:
    """Open model.safetensors (or its shards), else pytorch_model.bin. Raises `WeightsError`."""
    pickled = folder / "pytorch_model.bin"
    if any(folder.glob("model*.safetensors")):
        return TensorFiles.in_folder(folder, "model")
    if not pickled.is_file():
        raise WeightsError(f"{folder} has neither model.safetensors nor {pickled.name}.")
    return TensorFiles([pickled])


def wav2vec2_names(name: str) -> Sequence[Destination]:
    """Map names of published files, with or without the heads of the training, to Wav2Vec2Model."""
    own = name.removeprefix("wav2vec2.")
    if own.partition(".")[0] in _TRAINING:
        return ()
    return (Destination(_WEIGHT_NORM.get(own, own)),)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path} is no JSON object.")
    return content
