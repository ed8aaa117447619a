"""What a forward runs on."""

from dataclasses import dataclass

from polyreel_inference.devices.backend import Backend
from polyreel_inference.parallel.mesh import Mesh


@dataclass(frozen=True)
class Runtime:
    """The device of this rank, and the ranks that work on the same video."""

    backend: Backend
    mesh: Mesh
