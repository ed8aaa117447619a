"""How large a UNet of LatentSync is."""

from dataclasses import dataclass

LATENT_CHANNELS = 4

INPUT_CHANNELS = 3 * LATENT_CHANNELS + 1
"""Noisy latents, mask, latents of the masked crop, latents of the crop."""

LONGEST_CHUNK = 24
"""Frames for which there are positions in time."""

CHUNK_FRAMES = 16
"""Frames the network was trained with; the last chunk of a video may be shorter."""

MOTION_HEADS = 8

_BLOCKS = 4


@dataclass(frozen=True)
class UNetSizes:
    """Sizes under the names of the published configuration; the defaults are those of 1.5 and 1.6.

    `attention_head_dim` is, for historical reasons, the number of heads. Raises `ValueError` for numbers no
    such network can have.
    """

    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    layers_per_block: int = 2
    cross_attention_dim: int = 384
    attention_head_dim: int = 8
    norm_num_groups: int = 32

    def __post_init__(self) -> None:
        if len(self.block_out_channels) != _BLOCKS:
            raise ValueError(f"block_out_channels has to hold {_BLOCKS} numbers")
        others = (self.layers_per_block, self.cross_attention_dim)
        divisors = (self.attention_head_dim, self.norm_num_groups, MOTION_HEADS)
        if not all(
            isinstance(size, int) and size > 0 for size in (*self.block_out_channels, *others, *divisors)
        ):
            raise ValueError("sizes have to be positive whole numbers")
        for channels in self.block_out_channels:
            if any(channels % divisor for divisor in divisors):
                raise ValueError(f"{channels} channels cannot be divided by heads and groups {divisors}")
