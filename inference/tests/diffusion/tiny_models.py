"""Tiny transformers and autoencoders: ours and diffusers' own with the same random weights."""

from typing import TypeVar

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.parallel.mesh import Mesh
from tests.checkpoints.components import random_transformer, random_vae
from tests.checkpoints.kinds import IMAGE_DIMENSION, KINDS, TEXT_DIMENSION, VAE_CONFIG, transformer_config

Transformer = TypeVar("Transformer", bound=WanTransformer)


def single_runtime(dtype: torch.dtype = torch.float32) -> Runtime:
    """One process on the CPU."""
    return Runtime(open_backend("cpu", dtype=dtype), Mesh.single())


def our_transformer(kind: str, expert: int = 0, seed: int = 0) -> WanTransformer:
    """Return our transformer of a tiny kind."""
    return our_transformer_as(WanTransformer, kind, expert, seed)


def our_transformer_as(watching: type[Transformer], kind: str, expert: int = 0, seed: int = 0) -> Transformer:
    """Return it as a class that derives from ours."""
    model = watching(**transformer_config(KINDS[kind]))
    model.load_state_dict(random_transformer(KINDS[kind], expert, seed))
    model.eval()
    return model


def reference_transformer(kind: str, expert: int = 0, seed: int = 0) -> WanTransformer3DModel:
    """Return diffusers' transformer with the same weights."""
    model = WanTransformer3DModel(**transformer_config(KINDS[kind]))
    model.load_state_dict(random_transformer(KINDS[kind], expert, seed))
    return model.eval()


def tiny_vae(seed: int = 0) -> AutoencoderKLWan:
    """Return the autoencoder, which diffusers' pipelines use as well."""
    model = AutoencoderKLWan(**VAE_CONFIG)
    model.load_state_dict(random_vae(seed))
    return model.eval()


def random_numbers(*shape: int, seed: int) -> Tensor:
    """Return normal random numbers that depend on nothing but the shape and the seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def text_states(seed: int, batch: int = 1, tokens: int = 7) -> Tensor:
    """Return text encoder states [batch, 512, text size]: `tokens` of the prompt, then zeros."""
    states = torch.zeros(batch, 512, TEXT_DIMENSION)
    states[:, :tokens] = random_numbers(batch, tokens, TEXT_DIMENSION, seed=seed)
    return states


def image_states(kind: str, seed: int, batch: int = 1) -> Tensor | None:
    """Return image encoder states [batch, 257 an image, image size], None for kinds without."""
    images = KINDS[kind].images
    return random_numbers(batch, 257 * images, IMAGE_DIMENSION, seed=seed) if images else None
