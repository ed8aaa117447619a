"""The files of the Diffusers layout that are not weights."""

from pathlib import Path
from typing import Any

from torch import Tensor

from tests.checkpoints.files import write_json, write_shards
from tests.checkpoints.kinds import TinyKind

_VERSION = {"_diffusers_version": "0.35.1"}


def write_component(
    folder: Path, stem: str, config: dict[str, Any], tensors: dict[str, Tensor], shards: int = 1
) -> None:
    """Write one component folder: config.json and weights."""
    write_json(folder / "config.json", config)
    write_shards(folder, stem, tensors, shards)


def write_settings(folder: Path, kind: TinyKind) -> None:
    """Write the scheduler's and, where an image encoder is used, the image processor's settings."""
    scheduler = {
        "_class_name": "UniPCMultistepScheduler",
        **_VERSION,
        "flow_shift": 3.0,
        "num_train_timesteps": 1000,
        "prediction_type": "flow_prediction",
        "solver_order": 2,
        "solver_type": "bh2",
        "use_flow_sigmas": True,
    }
    write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    if kind.images:
        processor = {
            "image_processor_type": "CLIPImageProcessor",
            "crop_size": {"height": 224, "width": 224},
            "size": {"shortest_edge": 224},
            "resample": 3,
        }
        write_json(folder / "image_processor" / "preprocessor_config.json", processor)


def write_index(folder: Path, kind: TinyKind) -> None:
    """Write model_index.json, which names the pipeline and the class of every component."""
    takes_image = kind.input_channels == 36
    image: list[str | None] = ["transformers", "CLIPVisionModel"] if kind.images else [None, None]
    processor: list[str | None] = ["transformers", "CLIPImageProcessor"] if kind.images else [None, None]
    transformer = ["diffusers", "WanTransformer3DModel"]
    index: dict[str, Any] = {
        "_class_name": "WanImageToVideoPipeline" if takes_image else "WanPipeline",
        **_VERSION,
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "transformer": transformer,
        "vae": ["diffusers", "AutoencoderKLWan"],
    }
    if takes_image:
        index |= {"image_encoder": image, "image_processor": processor}
    if kind.experts == 2:
        index |= {"transformer_2": transformer, "boundary_ratio": kind.boundary}
    write_json(folder / "model_index.json", index)
