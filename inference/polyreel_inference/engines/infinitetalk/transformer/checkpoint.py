"""The files of InfiniteTalk's transformer: a folder of Wan 2.1, and what makes it hear."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.model_folder.component_files import read_config
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.diffusion.weights.overlay import overlay
from polyreel_inference.diffusion.weights.stored_tensors import StoredTensors
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from polyreel_inference.diffusion.weights.wan_names import wan_transformer_names
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)

_AUDIO_SETTINGS = {
    "window": "audio_window",
    "hidden": "intermediate_dim",
    "width": "output_dim",
    "tokens": "context_tokens",
}
"""What the original configuration calls the audio sizes, where it states them; the published one does not."""


@dataclass(frozen=True)
class InfiniteTalkCheckpoint:
    """`base` is Wan2.1-I2V-14B, in any layout; `weights` are the files of InfiniteTalk.

    `weights` may hold the audio parts alone or, as distilled and quantised files do, the whole transformer.
    The first of them that holds a tensor counts, `base` gives what none holds. Without `weights` the base
    itself has to hold the audio parts.
    """

    base: WanFolder
    weights: tuple[Path, ...]

    @classmethod
    def open(cls, base: WanFolder, weights: Sequence[Path]) -> "InfiniteTalkCheckpoint":
        """Check what can be told without weights. Raises `WeightsError` for a base of another kind."""
        if base.kind != "i2v" or base.experts != 1 or base.transformer_config["image_dim"] is None:
            raise WeightsError(
                f"{base.path} is no image-to-video model of Wan 2.1; InfiniteTalk needs Wan2.1-I2V-14B-480P."
            )
        checkpoint = cls(base, tuple(weights))
        checkpoint.files().close()
        return checkpoint

    def files(self) -> TensorFiles:
        """Open all files as one. Raises `WeightsError` when some are missing or unreadable."""
        files = self.base.parts.transformers[0].open()
        for path in reversed(self.weights):
            files = overlay(files, TensorFiles([path]), wan_transformer_names)
        return files

    def audio_sizes(self) -> AudioSizes:
        """Sizes of the audio parts: the published ones, unless the base's configuration states others."""
        path = self.base.parts.transformers[0].config
        stated = {} if path is None else read_config(path)
        given = {ours: int(stated[name]) for ours, name in _AUDIO_SETTINGS.items() if name in stated}
        return AudioSizes(**given)

    def stored_quantization(self) -> str | None:
        """Return "fp8" or "int8" when weights of blocks are stored like that, None otherwise."""
        stored = StoredTensors(self.files())
        found = (stored.quantization(name) for name in stored.names() if "blocks." in name)
        return next((word for word in found if word is not None), None)

    def load_transformer(
        self,
        backend: Backend,
        dtype: torch.dtype | None = None,
        adapters: Sequence[LoraFile] = (),
        quantization: str | None = None,
        device: torch.device | None = None,
        take_block: Callable[[nn.Module], None] | None = None,
    ) -> InfiniteTalkTransformer:
        """Load the transformer for inference, on `device` in `dtype` (None: the backend's).

        `quantization` is "fp8", "int8" or None; `take_block` is given each block once it is complete (see
        `load_module`). Raises `WeightsError` naming all that is missing, foreign or of another shape.
        """
        sizes = self.audio_sizes()
        return load_module(
            lambda: InfiniteTalkTransformer(sizes, **self.base.transformer_config),
            self.files(),
            wan_transformer_names,
            dtype=backend.dtype if dtype is None else dtype,
            device=backend.device if device is None else device,
            keep_float32=InfiniteTalkTransformer.float32_parts,
            adapters=adapters,
            quantization=quantization,
            take_block=take_block,
        )
