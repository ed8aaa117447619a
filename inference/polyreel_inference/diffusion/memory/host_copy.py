"""A module's weights in a few flat buffers, so that they move between host and device in a few copies."""

import torch
from torch import nn

from polyreel_inference.diffusion.memory.flat_layout import Buffers, FlatLayout
from polyreel_inference.diffusion.memory.page_lock import host_buffer


class HostCopy:
    """All parameters and buffers of `module`, moved into host memory: one flat buffer per dtype.

    The module's tensors become views of these buffers, so it stays whole (its state dict can be read) and no
    second copy of the weights exists. `attach` makes them views of other buffers of the same layout.
    """

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        """Move the weights of `module`; `device` is the one that they will be copied to."""
        self._layout = FlatLayout(module)
        self.buffers: Buffers = {
            dtype: host_buffer(elements, dtype, device) for dtype, elements in self.sizes.items()
        }
        self._layout.move_into(self.buffers)

    @property
    def sizes(self) -> dict[torch.dtype, int]:
        """Elements of each flat buffer."""
        return self._layout.sizes

    def attach(self, buffers: Buffers) -> None:
        """Make the module's tensors views of `buffers`, which hold at least `sizes` of each dtype."""
        self._layout.attach(buffers)

    def detach(self) -> None:
        """Make the module's tensors views of the host's buffers again."""
        self._layout.attach(self.buffers)

    @property
    def size_bytes(self) -> int:
        """Size of all flat buffers in bytes, gaps for alignment included."""
        return sum(buffer.numel() * buffer.element_size() for buffer in self.buffers.values())
