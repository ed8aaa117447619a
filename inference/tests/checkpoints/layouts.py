"""Whole model folders in the published layouts, down to the names of the files."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.checkpoints.components import (
    Tensors,
    random_image_encoder,
    random_text_encoder,
    random_transformer,
    random_vae,
)
from tests.checkpoints.diffusers_files import write_component, write_index, write_settings
from tests.checkpoints.files import write_json, write_shards
from tests.checkpoints.kinds import (
    IMAGE_ENCODER_CONFIG,
    KINDS,
    TEXT_ENCODER_CONFIG,
    VAE_CONFIG,
    original_transformer_config,
    transformer_config,
)
from tests.checkpoints.original_names import (
    original_image_encoder,
    original_text_encoder,
    original_transformer,
    original_vae,
)
from tests.checkpoints.quantize import quantize_blocks
from tests.checkpoints.tokenizer import write_tokenizer

WEIGHTS = "diffusion_pytorch_model"
TEXT_ENCODER = "models_t5_umt5-xxl-enc-bf16"
IMAGE_ENCODER = "models_clip_open-clip-xlm-roberta-large-vit-huge-14"
VAE = "Wan2.1_VAE"
EXPERT_FOLDERS = ("high_noise_model", "low_noise_model")


def write_original(folder: Path, kind: str, seed: int = 0) -> Path:
    """Write `kind` as Wan's own repositories lay it out; kind "distilled" is `write_distilled` of t2v."""
    if kind == "distilled":
        return write_distilled(folder, "t2v", seed)
    tiny = KINDS[kind]
    _write_encoders(folder, kind, seed)
    config = original_transformer_config(tiny)
    for expert in range(tiny.experts):
        place = folder / EXPERT_FOLDERS[expert] if tiny.experts == 2 else folder
        tensors = original_transformer(random_transformer(tiny, expert, seed))
        # The 1.3B model is published as one file, the larger ones in shards.
        write_shards(place, WEIGHTS, tensors, shards=1 if kind == "t2v" else 3)
        write_json(place / "config.json", config)
    return folder


def write_diffusers(folder: Path, kind: str, seed: int = 0) -> Path:
    """Write `kind` as the `...-Diffusers` repositories lay it out."""
    tiny = KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    for expert in range(tiny.experts):
        name = "transformer" if expert == 0 else "transformer_2"
        config = {"_class_name": "WanTransformer3DModel", **transformer_config(tiny)}
        write_component(folder / name, WEIGHTS, config, random_transformer(tiny, expert, seed), shards=2)
    write_component(
        folder / "vae", WEIGHTS, {"_class_name": "AutoencoderKLWan", **VAE_CONFIG}, random_vae(seed)
    )
    text = {"architectures": ["UMT5EncoderModel"], "model_type": "umt5", "torch_dtype": "bfloat16"}
    tensors = random_text_encoder(seed)
    write_component(folder / "text_encoder", "model", text | TEXT_ENCODER_CONFIG, tensors, shards=2)
    write_tokenizer(folder / "tokenizer")
    if tiny.images:
        image: dict[str, Any] = {"architectures": ["CLIPVisionModel"], "model_type": "clip_vision_model"}
        tensors = random_image_encoder(seed)
        if tiny.images == 2:
            # The published first-and-last-frame model was saved together with CLIP's projection.
            image["architectures"] = ["CLIPVisionModelWithProjection"]
            tensors["visual_projection.weight"] = torch.zeros(16, IMAGE_ENCODER_CONFIG["hidden_size"])
        write_component(folder / "image_encoder", "model", image | IMAGE_ENCODER_CONFIG, tensors)
    write_settings(folder, tiny)
    write_index(folder, tiny)
    return folder


def write_distilled(folder: Path, kind: str, seed: int = 0, quantization: str | None = None) -> Path:
    """Write `kind` as a step-distilled full checkpoint: one file per expert in original names.

    `quantization` "fp8" or "int8" stores the linear layers of the blocks as LightX2V does.
    """
    tiny = KINDS[kind]
    _write_encoders(folder, kind, seed)
    write_json(folder / "config.json", original_transformer_config(tiny))
    for expert in range(tiny.experts):
        tensors = original_transformer(random_transformer(tiny, expert, seed))
        part = ("_high_noise", "_low_noise")[expert] if tiny.experts == 2 else ""
        name = f"wan_{tiny.model_type}{part}_{quantization or 'bf16'}_lightx2v_4step.safetensors"
        save_file(quantize_blocks(tensors, quantization) if quantization else tensors, folder / name)
    return folder


def _write_encoders(folder: Path, kind: str, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write_pth(folder, TEXT_ENCODER, TEXT_ENCODER_CONFIG, original_text_encoder(random_text_encoder(seed)))
    _write_pth(folder, VAE, VAE_CONFIG, original_vae(random_vae(seed)))
    write_tokenizer(folder / "google" / "umt5-xxl")
    if KINDS[kind].images:
        tensors = original_image_encoder(random_image_encoder(seed))
        _write_pth(folder, IMAGE_ENCODER, IMAGE_ENCODER_CONFIG, tensors)


def _write_pth(folder: Path, stem: str, config: dict[str, object], tensors: Tensors) -> None:
    torch.save(tensors, folder / f"{stem}.pth")
    # The published files carry no sizes; a configuration of the same name beside them states other ones.
    write_json(folder / f"{stem}.json", config)
