"""The kinds of tiny model and the sizes of their parts."""

from dataclasses import dataclass
from typing import Any

TEXT_DIMENSION = 32
IMAGE_DIMENSION = 32
HEADS = 4
HEAD_DIMENSION = 48  # rotary dimensions 16 for time, height and width
FEED_FORWARD = 384
LAYERS = 2
VOCABULARY = 264


@dataclass(frozen=True)
class TinyKind:
    """What tells one kind of Wan model from another, in the words of the original configurations."""

    model_type: str
    input_channels: int
    images: int
    experts: int = 1
    boundary: float | None = None

    @property
    def image_dimension(self) -> int | None:
        """Width of the image tokens, or None for models that see no image through CLIP."""
        return IMAGE_DIMENSION if self.images else None


KINDS = {
    "t2v": TinyKind("t2v", 16, images=0),
    "i2v": TinyKind("i2v", 36, images=1),
    "flf2v": TinyKind("flf2v", 36, images=2),
    "t2v-a14b": TinyKind("t2v", 16, images=0, experts=2, boundary=0.875),
    "i2v-a14b": TinyKind("i2v", 36, images=0, experts=2, boundary=0.9),
}


def transformer_config(kind: TinyKind) -> dict[str, Any]:
    """Return the configuration of the transformer in diffusers' words."""
    return {
        "patch_size": [1, 2, 2],
        "num_attention_heads": HEADS,
        "attention_head_dim": HEAD_DIMENSION,
        "in_channels": kind.input_channels,
        "out_channels": 16,
        "text_dim": TEXT_DIMENSION,
        "freq_dim": 256,
        "ffn_dim": FEED_FORWARD,
        "num_layers": LAYERS,
        "cross_attn_norm": True,
        "qk_norm": "rms_norm_across_heads",
        "eps": 1e-6,
        "image_dim": kind.image_dimension,
        "added_kv_proj_dim": HEADS * HEAD_DIMENSION if kind.images else None,
        "rope_max_seq_len": 1024,
        "pos_embed_seq_len": 514 if kind.images == 2 else None,
    }


def original_transformer_config(kind: TinyKind) -> dict[str, Any]:
    """Return the config.json of the original layout; the published ones leave the two `..._dim` below out."""
    config: dict[str, Any] = {
        "_class_name": "WanModel",
        "_diffusers_version": "0.30.0",
        "dim": HEADS * HEAD_DIMENSION,
        "eps": 1e-06,
        "ffn_dim": FEED_FORWARD,
        "freq_dim": 256,
        "in_dim": kind.input_channels,
        "model_type": kind.model_type,
        "num_heads": HEADS,
        "num_layers": LAYERS,
        "out_dim": 16,
        "text_len": 512,
        "text_dim": TEXT_DIMENSION,
    }
    return config | ({"image_dim": IMAGE_DIMENSION} if kind.images else {})


TEXT_ENCODER_CONFIG: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "d_model": TEXT_DIMENSION,
    "d_kv": 8,
    "d_ff": 64,
    "num_heads": 4,
    "num_layers": 2,
    "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128,
    "feed_forward_proj": "gated-gelu",
    "tie_word_embeddings": False,
    "dropout_rate": 0.0,
    "layer_norm_epsilon": 1e-6,
}

IMAGE_ENCODER_CONFIG: dict[str, Any] = {
    "hidden_size": IMAGE_DIMENSION,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": 224,
    "patch_size": 14,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "projection_dim": 16,
}

VAE_CONFIG: dict[str, Any] = {"base_dim": 16, "z_dim": 16}
