"""The published Wan models: sizes of their transformers, and how their authors sample them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """One published model.

    `input_channels` above 16 take a mask and an encoded picture; `clip` models see the picture's CLIP states
    as well. Models with two `experts` switch from the first to the second below `boundary`, part of the 1000
    timesteps, and guide the second one by `low_noise_guidance_scale`. `size` is the usual width and height.
    """

    name: str
    heads: int
    ffn_dim: int
    layers: int
    input_channels: int
    size: tuple[int, int]
    steps: int
    guidance_scale: float
    shift: float
    clip: bool = False
    last_image: bool = False
    experts: int = 1
    boundary: float | None = None
    low_noise_guidance_scale: float | None = None

    @property
    def takes_image(self) -> bool:
        """Whether it is an image-to-video model."""
        return self.input_channels > 16

    def transformer_config(self) -> dict[str, Any]:
        """Return the config of diffusers' WanTransformer3DModel."""
        return {
            "patch_size": (1, 2, 2),
            "num_attention_heads": self.heads,
            "attention_head_dim": 128,
            "in_channels": self.input_channels,
            "out_channels": 16,
            "text_dim": 4096,
            "freq_dim": 256,
            "ffn_dim": self.ffn_dim,
            "num_layers": self.layers,
            "cross_attn_norm": True,
            "qk_norm": "rms_norm_across_heads",
            "eps": 1e-6,
            "image_dim": 1280 if self.clip else None,
            "added_kv_proj_dim": self.heads * 128 if self.clip else None,
            "rope_max_seq_len": 1024,
            "pos_embed_seq_len": 514 if self.last_image else None,
        }


_LARGE: dict[str, Any] = {"heads": 40, "ffn_dim": 13824, "layers": 40}
_PUBLISHED = (
    Architecture("t2v-1.3b", 12, 8960, 30, 16, (832, 480), steps=50, guidance_scale=6.0, shift=8.0),
    Architecture(
        "t2v-14b", **_LARGE, input_channels=16, size=(832, 480), steps=50, guidance_scale=6.0, shift=8.0
    ),
    Architecture(
        "i2v-14b-480p",
        **_LARGE,
        input_channels=36,
        size=(832, 480),
        steps=40,
        guidance_scale=5.0,
        shift=3.0,
        clip=True,
    ),
    Architecture(
        "i2v-14b-720p",
        **_LARGE,
        input_channels=36,
        size=(1280, 720),
        steps=40,
        guidance_scale=5.0,
        shift=5.0,
        clip=True,
    ),
    Architecture(
        "flf2v-14b-720p",
        **_LARGE,
        input_channels=36,
        size=(1280, 720),
        steps=50,
        guidance_scale=5.0,
        shift=16.0,
        clip=True,
        last_image=True,
    ),
    Architecture(
        "t2v-a14b",
        **_LARGE,
        input_channels=16,
        size=(1280, 720),
        steps=40,
        guidance_scale=4.0,
        shift=12.0,
        experts=2,
        boundary=0.875,
        low_noise_guidance_scale=3.0,
    ),
    Architecture(
        "i2v-a14b",
        **_LARGE,
        input_channels=36,
        size=(1280, 720),
        steps=40,
        guidance_scale=3.5,
        shift=5.0,
        experts=2,
        boundary=0.9,
        low_noise_guidance_scale=3.5,
    ),
)

ARCHITECTURES = {architecture.name: architecture for architecture in _PUBLISHED}
"""The published models by name."""
