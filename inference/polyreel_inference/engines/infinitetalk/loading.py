"""From files to networks in memory, where the operator's memory policy wants them."""

from dataclasses import dataclass

import torch

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.memory.policy import MemoryPolicy, Offload
from polyreel_inference.diffusion.memory.sharded_blocks import ShardedBlocks
from polyreel_inference.diffusion.model_folder.shared_parts import SharedParts
from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.engines.infinitetalk.audio.speech_encoder import SpeechEncoder
from polyreel_inference.engines.infinitetalk.model import InfiniteTalkModel
from polyreel_inference.engines.infinitetalk.pipeline.networks import Networks
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.parallel.mesh import Mesh


@dataclass(frozen=True)
class LoadSettings:
    """`quantize` is "fp8", "int8" or None; `vae_dtype` None is float32.

    The autoencoder reads back what it has written in every chunk before, so rounding adds up over a video;
    float32 is also what the authors' pipeline uses.
    """

    offload: Offload = "none"
    blocks_on_device: int = 2
    quantize: str | None = None
    vae_dtype: torch.dtype | None = None
    compile: bool = False


class InfiniteTalkLoader:
    """Loads models of one process; encoders and autoencoders of the same files are loaded once.

    Every method raises `WeightsError` when files and networks do not fit each other.
    """

    def __init__(self, backend: Backend, mesh: Mesh, settings: LoadSettings) -> None:
        self._runtime = Runtime(backend, mesh)
        self._settings = settings
        self._policy = MemoryPolicy(settings.offload, backend.device, settings.blocks_on_device)
        self._shared = SharedParts(backend, self._policy, settings.vae_dtype or torch.float32)

    def denoiser(self, model: InfiniteTalkModel) -> ChunkDenoiser:
        """Load the transformer: what every rank has."""
        return ChunkDenoiser(self.transformer(model), self._runtime)

    def transformer(self, model: InfiniteTalkModel) -> InfiniteTalkTransformer:
        """Load the transformer, placed and compiled as the settings say.

        Ranks that share weights keep their part of each block as it is read; a whole model exists nowhere.
        """
        backend, weights = self._runtime.backend, self._runtime.mesh.weights
        sharded = ShardedBlocks(weights, backend.device) if weights.size > 1 else None
        transformer = model.checkpoint.load_transformer(
            backend,
            adapters=model.adapters,
            quantization=self._settings.quantize,
            device=backend.device if sharded else self._policy.transformer_load_device,
            take_block=sharded.take if sharded else None,
        )
        transformer.block_placement = sharded or self._policy.place_transformer(transformer)
        if self._settings.compile:
            compile_blocks(transformer, backend)
        return transformer

    def networks(self, model: InfiniteTalkModel) -> Networks:
        """Load encoders and autoencoder: what the leading rank has in addition."""
        image_encoder = self._shared.image_encoder(model.base)
        if image_encoder is None:
            raise WeightsError(f"{model.base.path} lacks the image encoder.")
        return Networks(
            self._shared.text_encoder(model.base),
            image_encoder,
            self._shared.vae(model.base),
            self._shared.placement,
            self._runtime.backend,
        )

    def speech_encoder(self, model: InfiniteTalkModel) -> SpeechEncoder:
        """Load the speech encoder, on the CPU: what the leading rank has in addition."""
        return SpeechEncoder.load(model.speech)
