"""Name maps of the encoders of Wan: UMT5 and the image tower of CLIP.

Names of the originals: github.com/Wan-Video/Wan2.1, wan/modules/t5.py and clip.py.
"""

from collections.abc import Sequence

from polyreel_inference.diffusion.weights.name_maps import Destination, NameMap, rename_segments

_UMT5 = {"token_embedding": "shared", "norm": "encoder.final_layer_norm", "blocks": "encoder.block"}
_UMT5_BLOCK = {
    "norm1": "layer.0.layer_norm",
    "attn": "layer.0.SelfAttention",
    "pos_embedding.embedding": "layer.0.SelfAttention.relative_attention_bias",
    "norm2": "layer.1.layer_norm",
    "ffn.gate.0": "layer.1.DenseReluDense.wi_0",
    "ffn.fc1": "layer.1.DenseReluDense.wi_1",
    "ffn.fc2": "layer.1.DenseReluDense.wo",
}

_CLIP = {
    "patch_embedding": "embeddings.patch_embedding",
    "pre_norm": "pre_layrnorm",
    "post_norm": "post_layernorm",
    "transformer": "encoder.layers",
}
_CLIP_BLOCK = {
    "norm1": "layer_norm1",
    "norm2": "layer_norm2",
    "attn.proj": "self_attn.out_proj",
    "mlp.0": "mlp.fc1",
    "mlp.2": "mlp.fc2",
}
_CLIP_PREFIX = "vision_model."
_CLIP_UNUSED = ("log_scale", "visual_projection.weight")


def umt5_names(name: str) -> Sequence[Destination]:
    """Map names of the original text encoder, and transformers' own, to transformers' UMT5EncoderModel."""
    first, _, rest = name.partition(".")
    if first == "blocks":
        number, _, inner = rest.partition(".")
        return (Destination(f"{_UMT5[first]}.{number}.{rename_segments(inner, _UMT5_BLOCK)}"),)
    return (Destination(rename_segments(name, _UMT5) if first in _UMT5 else name),)


def clip_vision_names(prefix: str) -> NameMap:
    """Return the map of CLIP's image tower to a CLIPVisionModel whose names begin with `prefix`.

    The prefix is "vision_model." in transformers 4 and nothing in 5; files come with and without it. The
    original file also holds the text tower and the projection, which have no destination, nor has the
    projection of files that were saved with it (Wan2.1-FLF2V-14B-720P-diffusers).
    """

    def destinations(name: str) -> Sequence[Destination]:
        if name in _CLIP_UNUSED or name.startswith(("textual.", "visual.head")):
            return ()
        own = name.removeprefix(_CLIP_PREFIX)
        if own != name or not name.startswith("visual."):
            return (Destination(prefix + own),)
        return tuple(_prefixed(prefix, name.removeprefix("visual.")))

    return destinations


def _prefixed(prefix: str, name: str) -> Sequence[Destination]:
    if name == "cls_embedding":
        return (Destination(f"{prefix}embeddings.class_embedding", reshape=True),)
    if name == "pos_embedding":
        return (Destination(f"{prefix}embeddings.position_embedding.weight", reshape=True),)
    first, _, rest = name.partition(".")
    if first != "transformer":
        return (Destination(prefix + rename_segments(name, _CLIP)),)
    number, _, inner = rest.partition(".")
    block = f"{prefix}{_CLIP[first]}.{number}."
    if inner.startswith("attn.to_qkv."):
        leaf = inner.rpartition(".")[2]
        return tuple(
            Destination(f"{block}self_attn.{letter}_proj.{leaf}", share=share, shares=3)
            for share, letter in enumerate("qkv")
        )
    return (Destination(block + rename_segments(inner, _CLIP_BLOCK)),)
