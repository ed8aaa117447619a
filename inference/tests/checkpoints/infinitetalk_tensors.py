"""Tensors of the tiny InfiniteTalk model, each drawn from a generator that its original name seeds.

So another program that knows the names and shapes can build the same weights without reading these files.
"""

import math
import zlib

import numpy as np
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor, nn
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    UMT5Config,
    UMT5EncoderModel,
    Wav2Vec2Config,
    Wav2Vec2ForPreTraining,
)

from tests.checkpoints import infinitetalk_sizes as sizes
from tests.checkpoints.kinds import LAYERS
from tests.checkpoints.original_names import (
    original_image_encoder,
    original_text_encoder,
    original_transformer,
    original_vae,
)

Tensors = dict[str, Tensor]
_WEIGHT_NORM = {
    "parametrizations.weight.original0": "weight_g",
    "parametrizations.weight.original1": "weight_v",
}


def base_transformer() -> Tensors:
    """Return the tensors of Wan's image-to-video transformer, float32."""
    with torch.device("meta"):
        module = WanTransformer3DModel(**sizes.TRANSFORMER_MODULE)
    return _drawn(original_transformer(_state(module)), "base")


def audio_parts(checkpoint: str) -> Tensors:
    """Return what InfiniteTalk adds to the base, float32; `checkpoint` is "single" or "multi"."""
    return _drawn(
        {name: torch.empty(shape, device="meta") for name, shape in _audio_shapes().items()}, checkpoint
    )


def autoencoder() -> Tensors:
    """Return the tensors of the video autoencoder, float32."""
    with torch.device("meta"):
        module = AutoencoderKLWan(**sizes.AUTOENCODER_CONFIG)
    return _drawn(original_vae(_state(module)), "autoencoder")


def text_encoder() -> Tensors:
    """Return the tensors of UMT5, bfloat16 as published."""
    with torch.device("meta"):
        module = UMT5EncoderModel(UMT5Config(**sizes.TEXT_ENCODER_CONFIG))
    state = _state(module)
    state.pop("encoder.embed_tokens.weight", None)
    return _stored(_drawn(original_text_encoder(state), "text"), torch.bfloat16)


def image_encoder() -> Tensors:
    """Return the tensors of CLIP with its unused parts, float16 as published."""
    with torch.device("meta"):
        module = CLIPVisionModel(CLIPVisionConfig(**sizes.IMAGE_ENCODER_CONFIG))
    prefix = "vision_model."
    state = {prefix + name.removeprefix(prefix): value for name, value in _state(module).items()}
    return _stored(_drawn(original_image_encoder(state), "image"), torch.float16)


def speech_encoder() -> Tensors:
    """Return the tensors of wav2vec2 with the heads of its pre-training, float32, in the published names."""
    with torch.device("meta"):
        module = Wav2Vec2ForPreTraining(Wav2Vec2Config(**sizes.SPEECH_ENCODER_CONFIG))
    return _drawn({_published(name): value for name, value in _state(module).items()}, "speech")


def _audio_shapes() -> dict[str, tuple[int, ...]]:
    dim, hidden, width = sizes.DIMENSION, sizes.AUDIO_HIDDEN, sizes.SPEECH_DIMENSION
    frame = sizes.SPEECH_LAYERS * width
    tokens = sizes.AUDIO_TOKENS * width
    linears = {
        "audio_proj.proj1": (hidden, sizes.FIRST_WINDOW * frame),
        "audio_proj.proj1_vf": (hidden, sizes.LATER_WINDOW * frame),
        "audio_proj.proj2": (hidden, hidden),
        "audio_proj.proj3": (tokens, hidden),
    }
    norms = {"audio_proj.norm": width}
    for block in (f"blocks.{index}" for index in range(LAYERS)):
        linears[f"{block}.audio_cross_attn.q_linear"] = (dim, dim)
        linears[f"{block}.audio_cross_attn.kv_linear"] = (2 * dim, width)
        linears[f"{block}.audio_cross_attn.proj"] = (dim, dim)
        norms[f"{block}.norm_x"] = dim
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (rows, columns) in linears.items():
        shapes |= {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}
    for name, size in norms.items():
        shapes |= {f"{name}.weight": (size,), f"{name}.bias": (size,)}
    return shapes


def _published(name: str) -> str:
    """Return the name under which weight normalisation was stored when wav2vec2 was published."""
    for present, published in _WEIGHT_NORM.items():
        name = name.replace(present, published)
    return name


def _state(module: nn.Module) -> Tensors:
    return dict(module.state_dict())


def _drawn(state: Tensors, part: str) -> Tensors:
    return {name: _draw(f"{part}/{name}", tuple(value.shape)) for name, value in state.items()}


def _draw(name: str, shape: tuple[int, ...]) -> Tensor:
    """Draw evenly around 0 with deviation 0.05, for the weights of norms around 1."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    values = torch.from_numpy(generator.random(shape, dtype=np.float32)).sub_(0.5)
    leaf = name.rpartition(".")[2]
    deviation = 0.05
    if ".feature_extractor." in name and len(shape) == 3:
        # With 0.05 the sound would fade on its way through the seven convolutions.
        deviation = math.sqrt(2 / math.prod(shape[1:]))
    values *= deviation * math.sqrt(12)
    return values.add_(1) if leaf == "gamma" or (leaf == "weight" and len(shape) == 1) else values


def _stored(tensors: Tensors, dtype: torch.dtype) -> Tensors:
    return {name: value.to(dtype) for name, value in tensors.items()}
