"""How much arithmetic a forward of the Wan transformer is: the measure for seconds per denoising step.

Counted are multiplications and additions of matrix products and attention (2 per multiply-add), which is all
that matters: norms, rotary embedding and residuals are bound by memory and below 0.1 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any


@dataclass(frozen=True)
class TransformerShape:
    """Sizes of a Wan transformer.

    `image_tokens` is 0 for models without an image encoder, 257 for one picture, 514 for two.
    `frame_tokens` of width `frame_dim` are what each latent frame attends to in an additional cross-attention
    of every block, 0 for none; InfiniteTalk has 32 audio tokens of 768 for each speaker.
    """

    layers: int
    dim: int
    ffn_dim: int
    in_channels: int
    out_channels: int
    text_dim: int = 4096
    text_tokens: int = 512
    image_dim: int = 0
    image_tokens: int = 0
    frequency_dim: int = 256
    patch: tuple[int, int, int] = (1, 2, 2)
    frame_tokens: int = 0
    frame_dim: int = 768

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "TransformerShape":
        """Read the sizes from the config of diffusers' WanTransformer3DModel."""
        image_dim = config["image_dim"] or 0
        first, second, third = config["patch_size"]
        return cls(
            layers=config["num_layers"],
            dim=config["num_attention_heads"] * config["attention_head_dim"],
            ffn_dim=config["ffn_dim"],
            in_channels=config["in_channels"],
            out_channels=config["out_channels"],
            text_dim=config["text_dim"],
            image_dim=image_dim,
            image_tokens=(config["pos_embed_seq_len"] or 257) if image_dim else 0,
            frequency_dim=config["freq_dim"],
            patch=(first, second, third),
        )


@dataclass(frozen=True)
class ForwardFlops:
    """Floating-point operations of one forward of one sample.

    `linear` are the matrix products over the video's tokens, `self_attention` and `cross_attention` the
    products of queries with keys and of weights with values. `conditioning` is what depends on the prompt,
    the picture or the timestep alone: embeddings of them, keys and values of cross-attention.
    """

    linear: int
    self_attention: int
    cross_attention: int
    conditioning: int

    @property
    def total(self) -> int:
        return self.linear + self.self_attention + self.cross_attention + self.conditioning

    @property
    def attention_share(self) -> float:
        """Part of the arithmetic that lies in attention kernels, 0 to 1; the rest is matrix products."""
        return (self.self_attention + self.cross_attention) / self.total


def video_tokens(shape: TransformerShape, width: int, height: int, frames: int) -> int:
    """Return the tokens of a video of `frames` = 4n + 1 pictures; the VAE halves sides thrice, time twice."""
    return prod(_token_grid(shape, width, height, frames))


def forward_flops(shape: TransformerShape, width: int, height: int, frames: int) -> ForwardFlops:
    """Count the operations of one forward for a video of the given size in pixels and pictures."""
    tokens, dim = video_tokens(shape, width, height, frames), shape.dim
    latent_frames = _token_grid(shape, width, height, frames)[0]
    patch = prod(shape.patch)
    # Queries and output of every attention, keys and values of self-attention only: those run over the video.
    square = 4 + 2 + (2 if shape.frame_tokens else 0)
    block = tokens * (square * dim * dim + 2 * dim * shape.ffn_dim)
    ends = tokens * dim * patch * (shape.in_channels + shape.out_channels)
    context = shape.text_tokens + shape.image_tokens
    return ForwardFlops(
        linear=2 * (shape.layers * block + ends),
        self_attention=4 * shape.layers * tokens * tokens * dim,
        cross_attention=4 * shape.layers * tokens * (context + shape.frame_tokens) * dim,
        conditioning=2 * (_embeddings(shape) + shape.layers * _context_keys(shape, latent_frames)),
    )


def _token_grid(shape: TransformerShape, width: int, height: int, frames: int) -> tuple[int, int, int]:
    first, second, third = shape.patch
    return ((frames - 1) // 4 + 1) // first, height // 8 // second, width // 8 // third


def _embeddings(shape: TransformerShape) -> int:
    dim = shape.dim
    time = shape.frequency_dim * dim + dim * dim + 6 * dim * dim
    text = shape.text_tokens * (shape.text_dim * dim + dim * dim)
    image = shape.image_tokens * (shape.image_dim * shape.image_dim + shape.image_dim * dim)
    return time + text + image


def _context_keys(shape: TransformerShape, latent_frames: int) -> int:
    context = (shape.text_tokens + shape.image_tokens) * shape.dim
    frames = latent_frames * shape.frame_tokens * shape.frame_dim
    return 2 * shape.dim * (context + frames)
