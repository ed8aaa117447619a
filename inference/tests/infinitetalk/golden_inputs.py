"""What the golden numbers were made from: inputs that a formula or a seed gives, so that none is stored."""

import zlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PROMPT = "A woman talks to the camera."
NEGATIVE_PROMPT = "blurred, worst quality"
SAMPLE_RATE = 16000


def values(name: str, *shape: int) -> Tensor:
    """Return float32 numbers even in -1.73..1.73, so of deviation 1, that `name` seeds."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    return (torch.from_numpy(generator.random(shape, dtype=np.float32)) - 0.5) * 12**0.5


def picture(height: int, width: int, shift: int = 0) -> NDArray[np.uint8]:
    """Return a colourful picture [height, width, 3] with slopes and edges; `shift` makes others of it."""
    rows, columns = np.mgrid[0:height, 0:width]
    red = 3 * rows + 2 * columns + 5 * shift
    green = 255 - (rows * columns) // 20 + 40 * ((columns // 16) % 2)
    blue = 90 + 60 * ((rows // 12) % 2) + 2 * columns - 3 * shift
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def clip(frames: int, height: int, width: int) -> NDArray[np.uint8]:
    """Return a video [frames, height, width, 3] whose frames all differ."""
    return np.stack([picture(height, width, shift) for shift in range(frames)])


def speech(name: str, seconds: float, sample_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """Return sound [samples] in -1..1: two gliding tones that swell four times a second, and some noise."""
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    pitch = 110 + zlib.crc32(name.encode()) % 120
    voice = np.sin(2 * np.pi * pitch * time * (1 + 0.1 * time)) + 0.5 * np.sin(6.1 * np.pi * pitch * time)
    swell = 0.5 - 0.5 * np.cos(8 * np.pi * time)
    noise = values(f"noise of {name}", time.size).numpy()
    return (0.25 * voice * swell + 0.01 * noise).astype(np.float32)


def embedding(name: str, frames: int) -> Tensor:
    """Return what the speech encoder might give [frames, 12, 768]: deviation 1, neighbours alike."""
    raw = values(f"embedding of {name}", frames + 2, 12, 768)
    return (raw[:-2] + raw[1:-1] + raw[2:]) / 3**0.5


def windows(states: Tensor) -> Tensor:
    """Return what the transformer hears of all frames [frames, 12, 768]: [frames, 5, 12, 768]."""
    places = torch.arange(len(states))[:, None] + torch.arange(-2, 3)[None]
    return states[places.clamp(0, len(states) - 1)]


GRIDS = {"square": (5, 8, 8), "tall": (3, 12, 8)}
"""Latent frames, height and width of the inputs of the transformer."""

TIMESTEP = 700.0


@dataclass(frozen=True)
class TransformerInputs:
    """One input of the transformer without batch dimensions.

    latents [16, T, h, w]; condition [20, T, h, w], the four channels of the mask first; text [20, 4096]
    without its zeros; image [257, 1280]; speech [people, 4T-3, 5, 12, 768]; masks [3, h, w] of ones and
    zeros: the first person, the second, the background.
    """

    latents: Tensor
    condition: Tensor
    text: Tensor
    image: Tensor
    speech: Tensor
    masks: Tensor


def transformer_inputs(grid: str, people: int) -> TransformerInputs:
    """Return the input named after one of `GRIDS` for one person or two."""
    frames, height, width = GRIDS[grid]
    mask = torch.zeros(4, frames, height, width)
    mask[:, 0] = 1
    masks = torch.zeros(3, height, width)
    masks[0, height // 4 :, : width // 2 - 1] = 1
    masks[1, height // 4 :, width // 2 + 1 :] = 1
    masks[2] = 1 - masks[0] - masks[1]
    heard = [windows(embedding(f"{grid} person {person}", 4 * frames - 3)) for person in (1, 2)[:people]]
    return TransformerInputs(
        latents=values(f"{grid} latents", 16, frames, height, width),
        condition=torch.cat([mask, values(f"{grid} condition", 16, frames, height, width)]),
        text=values(f"{grid} text", 20, 4096),
        image=values(f"{grid} image", 257, 1280),
        speech=torch.stack(heard),
        masks=masks,
    )


def lora() -> dict[str, Tensor]:
    """Return a LoRA of rank 4 in the names of distilled ones: low-rank, full and bias differences."""
    prefix = "diffusion_model."
    matrices = {
        "blocks.0.self_attn.q": (192, 192),
        "blocks.1.cross_attn.k_img": (192, 192),
        "blocks.1.ffn.2": (192, 384),
        "text_embedding.0": (192, 4096),
        "head.head": (64, 192),
    }
    tensors: dict[str, Tensor] = {}
    for layer, (rows, columns) in matrices.items():
        tensors[f"{prefix}{layer}.lora_down.weight"] = 0.1 * values(f"{layer} down", 4, columns)
        tensors[f"{prefix}{layer}.lora_up.weight"] = 0.1 * values(f"{layer} up", rows, 4)
        tensors[f"{prefix}{layer}.diff_b"] = 0.1 * values(f"{layer} bias", rows)
    tensors[f"{prefix}blocks.1.norm3.diff"] = 0.3 * values("norm3", 192)
    tensors[f"{prefix}blocks.0.self_attn.norm_k.diff"] = 0.3 * values("norm_k", 192)
    return tensors
