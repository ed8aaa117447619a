"""Encoders and autoencoders in memory, once for all models whose files are the same."""

from collections.abc import Callable
from typing import TypeVar

import torch
from diffusers import AutoencoderKLWan

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.encoders.image_encoder import ImageEncoder
from polyreel_inference.diffusion.encoders.text_encoder import TextEncoder
from polyreel_inference.diffusion.memory.policy import MemoryPolicy
from polyreel_inference.diffusion.model_folder.component_files import ComponentFiles
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder

Files = TypeVar("Files")
Part = TypeVar("Part")


class SharedParts:
    """Loads what the leading rank has beside the transformer, where the memory policy wants it.

    Text encoder and autoencoder are kept in bfloat16, or in float32 on backends that compute in it;
    `vae_dtype` is another choice for the latter. `placement` keeps all that was loaded. Every method raises
    `WeightsError` when weights and configuration do not fit each other.
    """

    def __init__(self, backend: Backend, policy: MemoryPolicy, vae_dtype: torch.dtype | None = None) -> None:
        self._backend = backend
        self._device = policy.encoder_load_device
        # Not float16: the activations of both leave its range.
        self._wide_dtype = torch.float32 if backend.dtype == torch.float32 else torch.bfloat16
        self._vae_dtype = vae_dtype or self._wide_dtype
        self.placement = policy.encoders()
        self._text_encoders: dict[ComponentFiles, TextEncoder] = {}
        self._image_encoders: dict[ComponentFiles | None, ImageEncoder | None] = {}
        self._vaes: dict[ComponentFiles, AutoencoderKLWan] = {}

    def text_encoder(self, folder: WanFolder) -> TextEncoder:
        """Return the text encoder of `folder` with its tokenizer."""

        def load() -> TextEncoder:
            encoder = folder.load_text_encoder(self._backend, dtype=self._wide_dtype, device=self._device)
            self.placement.place(encoder.model)
            return encoder

        return _once(self._text_encoders, folder.parts.text_encoder, load)

    def image_encoder(self, folder: WanFolder) -> ImageEncoder | None:
        """Return the image encoder of `folder`, None for models without one."""

        def load() -> ImageEncoder | None:
            encoder = folder.load_image_encoder(self._backend, device=self._device)
            if encoder is not None:
                self.placement.place(encoder.model)
            return encoder

        return _once(self._image_encoders, folder.parts.image_encoder, load)

    def vae(self, folder: WanFolder) -> AutoencoderKLWan:
        """Return the video autoencoder of `folder`."""

        def load() -> AutoencoderKLWan:
            network = folder.load_vae(self._backend, dtype=self._vae_dtype, device=self._device)
            self.placement.place(network)
            return network

        return _once(self._vaes, folder.parts.vae, load)


def _once(loaded: dict[Files, Part], files: Files, load: Callable[[], Part]) -> Part:
    if files not in loaded:
        loaded[files] = load()
    return loaded[files]
