"""The image tower of CLIP as Wan uses it: all tokens of the layer before the last."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import CLIPVisionConfig, CLIPVisionModel

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.weights.empty_module import build_empty
from polyreel_inference.diffusion.weights.encoder_names import clip_vision_names
from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles

# Of the pictures CLIP was trained on: red, green, blue in 0..1 (github.com/openai/CLIP).
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)

CLIP_VIT_H: Mapping[str, Any] = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 16,
    "image_size": 224,
    "patch_size": 14,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "projection_dim": 1024,
}
"""Sizes of the image tower that the published image-to-video models were trained with."""


def build_clip(config: Mapping[str, Any]) -> CLIPVisionModel:
    """Build the image tower of these sizes, in the words of transformers' configuration."""
    return CLIPVisionModel(CLIPVisionConfig.from_dict(dict(config)))


class ImageEncoder:
    """The image tower of a CLIP model. `model` is the module, for whoever places it in memory."""

    def __init__(self, model: CLIPVisionModel, backend: Backend) -> None:
        self.model = model
        self._backend = backend
        self._side = int(model.config.image_size)

    @classmethod
    def load(
        cls,
        files: TensorFiles,
        config: Mapping[str, Any],
        *,
        backend: Backend,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
    ) -> "ImageEncoder":
        """Load weights in original names or transformers' own.

        `dtype` None is the backend's; `device` None is the backend's, another one suits encoders that are
        moved there for each use. Raises `WeightsError`.
        """
        model = load_module(
            lambda: build_clip(config),
            files,
            clip_vision_names(_prefix(config)),
            dtype=backend.dtype if dtype is None else dtype,
            device=backend.device if device is None else device,
        )
        return cls(model, backend)

    def encode(self, image: Tensor) -> Tensor:
        """Return the states [tokens, width] of a picture, float [3, height, width] in -1..1.

        A picture becomes a square without cropping, whatever its shape: 224 x 224 pixels and thereby 257
        tokens (one for the whole, 256 for patches) of width 1280 with the published sizes.
        """
        picture = image.to(self._backend.device, torch.float32).unsqueeze(0)
        picture = functional.interpolate(
            picture, size=(self._side, self._side), mode="bicubic", align_corners=False
        )
        mean, deviation = picture.new_tensor(_MEAN), picture.new_tensor(_DEVIATION)
        picture = (picture * 0.5 + 0.5 - mean[:, None, None]) / deviation[:, None, None]
        with torch.no_grad():
            output = self.model(pixel_values=picture.to(self.model.dtype), output_hidden_states=True)
        self._backend.mark_step()
        states: Tensor = output.hidden_states[-2][0]
        return states


def _prefix(config: Mapping[str, Any]) -> str:
    """Return what the names of the module begin with: transformers 4 and 5 differ in it."""
    names = build_empty(lambda: build_clip(config)).state_dict()
    return "vision_model." if any(name.startswith("vision_model.") for name in names) else ""
