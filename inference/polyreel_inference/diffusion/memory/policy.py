"""The memory policies an operator chooses from."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

import torch
from torch import nn

from polyreel_inference.diffusion.memory.block_placement import (
    BlockPlacement,
    ResidentBlocks,
    StreamedBlocks,
)
from polyreel_inference.diffusion.memory.encoder_placement import (
    EncoderPlacement,
    OffloadedEncoders,
    ResidentEncoders,
)

Offload = Literal["none", "encoders", "blocks"]
OFFLOADS: tuple[Offload, ...] = get_args(Offload)

_HOST = torch.device("cpu")


@dataclass(frozen=True)
class MemoryPolicy:
    """Where the weights of an engine lie.

    `none` keeps everything on the device; `encoders` keeps text encoder, image encoder and VAE in host memory
    while they are idle; `blocks` does the same with the transformer's blocks, of which `blocks_on_device` (at
    least 2) are on the device at a time. None of them changes a result.
    """

    offload: Offload
    device: torch.device
    blocks_on_device: int = 2

    @property
    def encoder_load_device(self) -> torch.device:
        """Where encoders and the VAE are to be loaded before `encoders().place`."""
        return self.device if self.offload == "none" else _HOST

    @property
    def transformer_load_device(self) -> torch.device:
        """Where a transformer is to be loaded before `place_transformer`."""
        return _HOST if self.offload == "blocks" else self.device

    def encoders(self) -> EncoderPlacement:
        """Return the keeper of the encoders and the VAE."""
        return ResidentEncoders(self.device) if self.offload == "none" else OffloadedEncoders(self.device)

    def place_transformer(self, transformer: nn.Module) -> BlockPlacement:
        """Move `transformer`, whose `blocks` is a ModuleList, to its places and return that of the blocks.

        Everything but the blocks goes to the device under every policy.
        """
        blocks = cast(nn.ModuleList, transformer.get_submodule("blocks"))
        if self.offload != "blocks":
            transformer.to(self.device)
            return ResidentBlocks(list(blocks), self.device)
        transformer.set_submodule("blocks", nn.ModuleList())
        transformer.to(self.device)
        transformer.set_submodule("blocks", blocks)
        return StreamedBlocks(list(blocks), self.device, on_device=self.blocks_on_device)


def memory_policy(offload: str, device: torch.device, blocks_on_device: int = 2) -> MemoryPolicy:
    """Return the policy of the given name. Raises `ValueError` naming the known ones."""
    if offload not in OFFLOADS:
        raise ValueError(f"unknown offload {offload!r}; choose one of: {', '.join(OFFLOADS)}")
    return MemoryPolicy(offload, device, blocks_on_device)
