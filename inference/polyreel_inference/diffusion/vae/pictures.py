"""From decoded frames to pictures in host memory."""

from collections.abc import Iterator

from torch import Tensor

from polyreel_inference.media.orientation import Frame


def pictures(frames: Tensor) -> Iterator[Frame]:
    """Frames [n, 3, height, width] in -1..1 as uint8 RGB [height, width, 3] in host memory."""
    bytes_on_device = frames.add(1).mul(127.5).round().clamp(0, 255).byte()
    yield from bytes_on_device.permute(0, 2, 3, 1).contiguous().cpu().numpy()
