"""The vendor's package for Gaudi, which only its own images have."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@dataclass(frozen=True)
class Habana:
    """The parts of `habana_frameworks` that are used here."""

    core: Any
    """habana_frameworks.torch.core: `mark_step`."""
    hpu: Any
    """habana_frameworks.torch.hpu: counting, naming, synchronising and measuring devices."""
    fused_sdpa: Any
    """habana_frameworks.torch.hpex.kernels.FusedSDPA."""
    rotary: Any
    """habana_frameworks.torch.hpex.kernels.apply_rotary_pos_emb."""
    pairwise: Any
    """habana_frameworks.torch.hpex.kernels.RotaryPosEmbeddingMode.PAIRWISE."""


def is_installed() -> bool:
    """Whether this is a Gaudi image."""
    return find_spec("habana_frameworks") is not None


def load_habana() -> Habana:
    """Import the vendor's package. Raises `ImportError` elsewhere than in a Gaudi image."""
    # Makes PyTorch know the collectives "hccl" and chooses the card by LOCAL_RANK, so before a card is used.
    import_module("habana_frameworks.torch.distributed.hccl")
    kernels = import_module("habana_frameworks.torch.hpex.kernels")
    return Habana(
        core=import_module("habana_frameworks.torch.core"),
        hpu=import_module("habana_frameworks.torch.hpu"),
        fused_sdpa=kernels.FusedSDPA,
        rotary=kernels.apply_rotary_pos_emb,
        pairwise=kernels.RotaryPosEmbeddingMode.PAIRWISE,
    )
