"""A folder of Wan weights: what is in it, and loading its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLWan

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.encoders.image_encoder import CLIP_VIT_H, ImageEncoder
from polyreel_inference.diffusion.encoders.text_encoder import UMT5_XXL, TextEncoder
from polyreel_inference.diffusion.model_folder.component_files import stated_settings
from polyreel_inference.diffusion.model_folder.diffusers_layout import INDEX, read_diffusers
from polyreel_inference.diffusion.model_folder.expert_names import EXPERTS, expert_named
from polyreel_inference.diffusion.model_folder.folder_parts import FolderParts, Kind, Layout
from polyreel_inference.diffusion.model_folder.folder_settings import FILE_NAME, FolderSettings
from polyreel_inference.diffusion.model_folder.original_layout import read_original
from polyreel_inference.diffusion.model_folder.published_name import published_name
from polyreel_inference.diffusion.model_folder.sampling_defaults import (
    SamplingDefaults,
    is_distilling,
    sampling_defaults,
)
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.diffusion.vae.channels_last import store_channels_last
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.loader import check_fit, load_module
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.diffusion.weights.stored_tensors import StoredTensors
from polyreel_inference.diffusion.weights.wan_names import wan_transformer_names, wan_vae_names


@dataclass(frozen=True)
class WanFolder:
    """One model on disk. `open` recognises it and reads nothing but configurations.

    Loaded modules are for inference, on `device` (None: the backend's) in `dtype` (None: the backend's).
    Loading raises `WeightsError` when weights and configuration do not fit each other.
    """

    path: Path
    parts: FolderParts
    settings: FolderSettings

    @classmethod
    def open(cls, path: Path) -> "WanFolder":
        """Recognise the layout and the kind of model. Raises `WeightsError` saying what is missing."""
        if not path.is_dir():
            raise WeightsError(f"{path} is not a folder; give the one with the weights of a Wan model.")
        settings = FolderSettings.read(path)
        diffusers = (path / INDEX).is_file()
        if diffusers and settings.checkpoint is not None:
            raise WeightsError(
                f"{path / FILE_NAME} names a checkpoint, which only the original layout knows; {INDEX} tells"
                " what the transformers of this folder are."
            )
        folder = cls(path, read_diffusers(path) if diffusers else read_original(path, settings), settings)
        folder.sampling()
        return folder

    @property
    def kind(self) -> Kind:
        """What the model makes videos from: text, a picture, or the first and the last picture."""
        return self.parts.kind

    @property
    def layout(self) -> Layout:
        """Whose layout the folder has."""
        return self.parts.layout

    @property
    def experts(self) -> int:
        """How many transformers the model has; two of them work one after the other."""
        return len(self.parts.transformers)

    @property
    def transformer_config(self) -> dict[str, Any]:
        """Sizes of the transformer, in the words of diffusers' WanTransformer3DModel."""
        return self.parts.transformer_config

    def stored_quantization(self, index: int = 0) -> str | None:
        """Return "fp8" or "int8" when the weights of transformer `index` are stored like that, else None."""
        stored = StoredTensors(self.parts.transformers[index].open())
        found = (stored.quantization(name) for name in stored.names())
        return next((word for word in found if word is not None), None)

    def sampling(self, adapters: Sequence[LoraFile] = ()) -> SamplingDefaults:
        """Return how the model is sampled by default, also with `adapters`, some of which distil it.

        Raises `WeightsError` when they distil one of two experts only.
        """
        weights = [path for files in self.parts.transformers for path in files.weights]
        names = [published_name(self.path), *map(self._telling_name, weights)]
        own = sampling_defaults(self.parts, self.settings, names)
        distilling = [adapter for adapter in adapters if is_distilling(self._telling_name(adapter.path))]
        if not distilling or own.distilled or self.settings.distilled is not None:
            return own
        for index, word in enumerate(EXPERTS[: self.experts]):
            if not self._adapters_of(index, distilling):
                raise WeightsError(
                    f"The LoRA files distil one expert of {self.path}, but there is none for the expert for"
                    f" {word} noise; add it."
                )
        return sampling_defaults(self.parts, self.settings, names, distilled_by_adapters=True)

    def check_transformers(self, adapters: Sequence[LoraFile] = ()) -> None:
        """Raise `WeightsError` when `load_transformer` would find weights or LoRA files that do not fit."""
        for index, files in enumerate(self.parts.transformers):
            check_fit(
                lambda: WanTransformer(**self.parts.transformer_config),
                files.open(),
                wan_transformer_names,
                adapters=self._adapters_of(index, adapters),
            )

    def load_transformer(
        self,
        index: int,
        backend: Backend,
        dtype: torch.dtype | None = None,
        adapters: Sequence[LoraFile] = (),
        quantization: str | None = None,
        device: torch.device | None = None,
    ) -> WanTransformer:
        """Load transformer `index`, 0 being the only one or the expert for high noise.

        Of two experts each takes the LoRA files named after it (see `expert_named`), and those named after
        neither. `quantization` is "fp8", "int8" or None.
        """
        return load_module(
            lambda: WanTransformer(**self.parts.transformer_config),
            self.parts.transformers[index].open(),
            wan_transformer_names,
            dtype=backend.dtype if dtype is None else dtype,
            device=backend.device if device is None else device,
            keep_float32=WanTransformer.float32_parts,
            adapters=self._adapters_of(index, adapters),
            quantization=quantization,
        )

    def load_text_encoder(
        self, backend: Backend, dtype: torch.dtype | None = None, device: torch.device | None = None
    ) -> TextEncoder:
        """Load the text encoder with its tokenizer."""
        files = self.parts.text_encoder
        return TextEncoder.load(
            files.open(),
            files.sizes(UMT5_XXL),
            self.parts.tokenizer,
            backend=backend,
            dtype=dtype,
            device=device,
        )

    def load_image_encoder(
        self, backend: Backend, dtype: torch.dtype | None = None, device: torch.device | None = None
    ) -> ImageEncoder | None:
        """Load the image encoder, None for models without one."""
        files = self.parts.image_encoder
        if files is None:
            return None
        sizes = files.sizes(CLIP_VIT_H)
        return ImageEncoder.load(files.open(), sizes, backend=backend, dtype=dtype, device=device)

    def load_vae(
        self, backend: Backend, dtype: torch.dtype = torch.float32, device: torch.device | None = None
    ) -> AutoencoderKLWan:
        """Load the video autoencoder, in float32 unless told otherwise."""
        path = self.parts.vae.config
        sizes = {} if path is None else stated_settings(path, AutoencoderKLWan)
        vae = load_module(
            lambda: AutoencoderKLWan(**sizes),
            self.parts.vae.open(),
            wan_vae_names,
            dtype=dtype,
            device=backend.device if device is None else device,
        )
        if backend.name == "cuda":
            store_channels_last(vae)
        return vae

    def _telling_name(self, path: Path) -> str:
        """Return how a file is called, with the folders in which it was published."""
        if path.is_relative_to(self.path):
            return str(path.relative_to(self.path))
        return f"{published_name(path.absolute().parent)}/{path.name}"

    def _adapters_of(self, index: int, adapters: Sequence[LoraFile]) -> list[LoraFile]:
        return [adapter for adapter in adapters if self._is_for(adapter, index)]

    def _is_for(self, adapter: LoraFile, index: int) -> bool:
        return self.experts == 1 or expert_named(adapter.path) in (None, index)
