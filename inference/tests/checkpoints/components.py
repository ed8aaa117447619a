"""The parts of a tiny model as random tensors under the names diffusers and transformers use."""

import zlib

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

from tests.checkpoints.kinds import (
    IMAGE_ENCODER_CONFIG,
    TEXT_ENCODER_CONFIG,
    VAE_CONFIG,
    TinyKind,
    transformer_config,
)

Tensors = dict[str, Tensor]
_CLIP_PREFIX = "vision_model."


def random_transformer(kind: TinyKind, expert: int, seed: int) -> Tensors:
    """Return the tensors of expert number `expert` (0 is the one for high noise)."""
    with torch.device("meta"):
        module = WanTransformer3DModel(**transformer_config(kind))
    return _random(_shapes(module), f"transformer {expert}", seed)


def random_vae(seed: int) -> Tensors:
    """Return the tensors of the autoencoder."""
    with torch.device("meta"):
        module = AutoencoderKLWan(**VAE_CONFIG)
    return _random(_shapes(module), "vae", seed)


def random_text_encoder(seed: int) -> Tensors:
    """Return the tensors of the text encoder: bfloat16 as published, the tied embedding once."""
    with torch.device("meta"):
        module = UMT5EncoderModel(UMT5Config(**TEXT_ENCODER_CONFIG))
    shapes = _shapes(module)
    shapes.pop("encoder.embed_tokens.weight", None)
    return {name: value.bfloat16() for name, value in _random(shapes, "text encoder", seed).items()}


def random_image_encoder(seed: int) -> Tensors:
    """Return the tensors of the image encoder, named with the prefix the published files have."""
    with torch.device("meta"):
        module = CLIPVisionModel(CLIPVisionConfig(**IMAGE_ENCODER_CONFIG))
    # transformers 5 dropped the prefix from its module tree, not from the files.
    shapes = {name.removeprefix(_CLIP_PREFIX): shape for name, shape in _shapes(module).items()}
    return {_CLIP_PREFIX + name: value for name, value in _random(shapes, "image encoder", seed).items()}


def _shapes(module: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in module.state_dict().items()}


def _random(shapes: dict[str, torch.Size], part: str, seed: int) -> Tensors:
    """Draw N(0, 0.05), for the weights of norms around 1; each part and seed has numbers of its own."""
    generator = torch.Generator().manual_seed(zlib.crc32(f"{part} {seed}".encode()))
    tensors: Tensors = {}
    for name in sorted(shapes):
        value = torch.randn(shapes[name], generator=generator) * 0.05
        tensors[name] = value + 1 if _is_norm_weight(name) else value
    return tensors


def _is_norm_weight(name: str) -> bool:
    owner, _, leaf = name.rpartition(".")
    return leaf in {"weight", "gamma"} and "norm" in owner.rpartition(".")[2]
