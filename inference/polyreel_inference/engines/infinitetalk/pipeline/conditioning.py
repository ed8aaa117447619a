"""What a chunk sees of the reference: the picture by CLIP and, as its first frame, by the autoencoder."""

from dataclasses import dataclass

from torch import Tensor

from polyreel_inference.diffusion.vae.video_encoder import FRAMES_PER_LATENT, image_condition
from polyreel_inference.engines.infinitetalk.pipeline.networks import Networks
from polyreel_inference.engines.infinitetalk.reference.fitting import as_tensor, fit_picture
from polyreel_inference.engines.infinitetalk.reference.source import ReferenceSource


@dataclass(frozen=True)
class Conditioning:
    """All on the CPU: `picture` float32 [3, height, width] in -1..1, `image` [257, width of CLIP].

    `condition` is float32 [4 mask + 16 latent channels, T, h, w].
    """

    picture: Tensor
    image: Tensor
    condition: Tensor

    @property
    def latent(self) -> Tensor:
        """The picture as a latent frame, [16, 1, h, w]: the autoencoder never looks ahead."""
        return self.condition[FRAMES_PER_LATENT:, :1]


class ReferenceConditioning:
    """Encodes the reference for each chunk of a take, a still picture once."""

    def __init__(self, networks: Networks, reference: ReferenceSource, width: int, height: int) -> None:
        self._networks = networks
        self._reference = reference
        self._width, self._height = width, height
        self._kept: dict[int, Conditioning] = {}

    def of(self, start: int, frames: int) -> Conditioning:
        """Return what the chunk of `frames` frames sees that begins with frame `start`."""
        if not self._reference.still:
            return self._encode(start, frames)
        if frames not in self._kept:
            self._kept[frames] = self._encode(start, frames)
        return self._kept[frames]

    def _encode(self, start: int, frames: int) -> Conditioning:
        networks = self._networks
        picture = as_tensor(fit_picture(self._reference.picture(start), self._width, self._height))
        with networks.placement.on_device(networks.image_encoder.model):
            image = networks.image_encoder.encode(picture).cpu()
        with networks.placement.on_device(networks.vae):
            condition = image_condition(networks.video_encoder, picture, frames).cpu()
        return Conditioning(picture, image, condition)
