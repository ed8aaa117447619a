"""From folders to networks in memory, where the operator's memory policy wants them."""

import torch

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.diffusion.memory.policy import MemoryPolicy
from polyreel_inference.diffusion.model_folder.shared_parts import SharedParts
from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.engines.wan.models import WanModel
from polyreel_inference.engines.wan.options import WanOptions
from polyreel_inference.engines.wan.pipeline import Denoise, WanPipeline
from polyreel_inference.parallel.mesh import Mesh

_VAE_DTYPES = {"auto": None, "bfloat16": torch.bfloat16, "float32": torch.float32}


class ModelLoader:
    """Loads the models of one engine; encoders and autoencoders of the same files are loaded once."""

    def __init__(self, backend: Backend, mesh: Mesh, options: WanOptions) -> None:
        self._backend, self._mesh, self._options = backend, mesh, options
        self._policy = MemoryPolicy(options.offload, backend.device)
        self._shared = SharedParts(backend, self._policy, _VAE_DTYPES[options.vae_dtype])

    def denoiser(self, model: WanModel) -> Denoiser:
        """Load the transformers: what every rank has. Raises `WeightsError`."""
        return Denoiser(
            [self._transformer(model, index) for index in range(model.folder.experts)],
            Runtime(self._backend, self._mesh),
            step_cache_coefficients=model.step_cache_coefficients,
        )

    def pipeline(self, model: WanModel, denoise: Denoise) -> WanPipeline:
        """Load encoders and autoencoder: what rank 0 has in addition. Raises `WeightsError`."""
        return WanPipeline(
            self._shared.text_encoder(model.folder),
            self._shared.image_encoder(model.folder),
            self._shared.vae(model.folder),
            denoise,
            backend=self._backend,
            placement=self._shared.placement,
            method="distilled" if model.sampling.distilled else "unipc",
            boundary=model.sampling.boundary,
        )

    def _transformer(self, model: WanModel, index: int) -> WanTransformer:
        transformer = model.folder.load_transformer(
            index,
            self._backend,
            adapters=model.adapters,
            quantization=model.quantization(index),
            device=self._policy.transformer_load_device,
        )
        transformer.block_placement = self._policy.place_transformer(transformer)
        if self._options.compile:
            compile_blocks(transformer, self._backend)
        return transformer
