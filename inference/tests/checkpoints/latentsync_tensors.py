"""Tensors of the tiny LatentSync model, each drawn from a generator that its published name seeds."""

import math
import zlib

import numpy as np
import torch
from diffusers import AutoencoderKL, UNetMotionModel
from torch import Tensor

from tests.checkpoints import latentsync_sizes as sizes

Tensors = dict[str, Tensor]
Shapes = dict[str, tuple[int, ...]]

_POSITIONS = "pos_encoder.pe"


def unet(seed: int = 0) -> Tensors:
    """Return the tensors of the UNet, float32; the positions are sinusoids as in every published file."""
    with torch.device("meta"):
        module = UNetMotionModel(**sizes.UNET_MODULE)
    shapes: Shapes = {}
    for name, value in module.state_dict().items():
        shapes |= dict.fromkeys(_published_unet_names(name), tuple(value.shape))
    return {
        name: _sinusoids(shape) if name.endswith(_POSITIONS) else _draw(f"{seed}/unet/{name}", shape)
        for name, shape in shapes.items()
    }


def autoencoder(seed: int = 0) -> Tensors:
    """Return the tensors of the autoencoder, float32, the attention under the names of its time."""
    with torch.device("meta"):
        module = AutoencoderKL.from_config(sizes.VAE_CONFIG)
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    shapes: Shapes = {}
    for name, value in module.state_dict().items():
        published = name
        for present, former in names.items():
            published = published.replace(f".{present}.", f".{former}.")
        shapes[published] = tuple(value.shape)
    return {name: _draw(f"{seed}/vae/{name}", shape) for name, shape in shapes.items()}


def whisper(seed: int = 0) -> Tensors:
    """Return the tensors of Whisper, encoder and decoder, float16 as published."""
    shapes = _whisper_encoder() | _whisper_decoder()
    return {name: _draw(f"{seed}/whisper/{name}", shape).half() for name, shape in shapes.items()}


def _published_unet_names(name: str) -> list[str]:
    """Return what LatentSync calls a tensor of UNetMotionModel; it stores the positions twice."""
    if ".motion_modules." not in name:
        return [name]
    before, place, rest = name.partition(".motion_modules.")
    index, _, inner = rest.partition(".")
    head = f"{before}{place}{index}.temporal_transformer."
    block, within, leaf = inner.rpartition("transformer_blocks.0.")
    if not within:
        return [head + inner]
    if leaf == "pos_embed.pe":
        return [f"{head}{block}{within}attention_blocks.{k}.{_POSITIONS}" for k in (0, 1)]
    for present, published in (
        ("attn1.", "attention_blocks.0."),
        ("attn2.", "attention_blocks.1."),
        ("norm1.", "norms.0."),
        ("norm2.", "norms.1."),
        ("norm3.", "ff_norm."),
    ):
        leaf = leaf.replace(present, published)
    return [head + block + within + leaf]


def _whisper_encoder() -> Shapes:
    size = sizes.WHISPER_DIMENSIONS
    width = size["n_audio_state"]
    shapes: Shapes = {"encoder.positional_embedding": (size["n_audio_ctx"], width)}
    shapes |= {"encoder.conv1.weight": (width, size["n_mels"], 3), "encoder.conv1.bias": (width,)}
    shapes |= {"encoder.conv2.weight": (width, width, 3), "encoder.conv2.bias": (width,)}
    for index in range(size["n_audio_layer"]):
        shapes |= _whisper_block(f"encoder.blocks.{index}", width, crossing=False)
    return shapes | _norm("encoder.ln_post", width)


def _whisper_decoder() -> Shapes:
    size = sizes.WHISPER_DIMENSIONS
    width = size["n_text_state"]
    shapes: Shapes = {
        "decoder.positional_embedding": (size["n_text_ctx"], width),
        "decoder.token_embedding.weight": (size["n_vocab"], width),
    }
    for index in range(size["n_text_layer"]):
        shapes |= _whisper_block(f"decoder.blocks.{index}", width, crossing=True)
    return shapes | _norm("decoder.ln", width)


def _whisper_block(block: str, width: int, *, crossing: bool) -> Shapes:
    shapes: Shapes = {}
    for attention in ("attn", "cross_attn") if crossing else ("attn",):
        for matrix in ("query", "key", "value", "out"):
            shapes[f"{block}.{attention}.{matrix}.weight"] = (width, width)
            if matrix != "key":
                shapes[f"{block}.{attention}.{matrix}.bias"] = (width,)
        shapes |= _norm(f"{block}.{attention}_ln", width)
    shapes |= {f"{block}.mlp.0.weight": (4 * width, width), f"{block}.mlp.0.bias": (4 * width,)}
    shapes |= {f"{block}.mlp.2.weight": (width, 4 * width), f"{block}.mlp.2.bias": (width,)}
    return shapes | _norm(f"{block}.mlp_ln", width)


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _sinusoids(shape: tuple[int, ...]) -> Tensor:
    _, length, width = shape
    turns = torch.arange(length)[:, None] * torch.exp(
        torch.arange(0, width, 2) * (-math.log(10000.0) / width)
    )
    return torch.stack([turns.sin(), turns.cos()], dim=-1).reshape(shape)


def _draw(name: str, shape: tuple[int, ...]) -> Tensor:
    """Draw evenly around 0 so that a layer keeps the deviation of its input; weights of norms around 1."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    values = torch.from_numpy(generator.random(shape, dtype=np.float32)).sub_(0.5).mul_(math.sqrt(12))
    if len(shape) == 1:
        return values.mul_(0.2).add_(1 if name.endswith("weight") else 0)
    if name.endswith("embedding") or name.endswith("embedding.weight"):
        return values.mul_(0.5)
    return values.mul_(1 / math.sqrt(math.prod(shape[1:])))
