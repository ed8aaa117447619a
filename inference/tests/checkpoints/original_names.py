"""From the names of diffusers and transformers back to those of the original checkpoints.

Written apart from the maps of the product, which go the other way, so that a test of one is a test.
"""

import re
from collections.abc import Callable

import torch
from torch import Tensor

Tensors = dict[str, Tensor]

_TRANSFORMER = (
    (r"^condition_embedder\.time_embedder\.linear_1", "time_embedding.0"),
    (r"^condition_embedder\.time_embedder\.linear_2", "time_embedding.2"),
    (r"^condition_embedder\.text_embedder\.linear_1", "text_embedding.0"),
    (r"^condition_embedder\.text_embedder\.linear_2", "text_embedding.2"),
    (r"^condition_embedder\.time_proj", "time_projection.1"),
    (r"^condition_embedder\.image_embedder\.norm1", "img_emb.proj.0"),
    (r"^condition_embedder\.image_embedder\.ff\.net\.0\.proj", "img_emb.proj.1"),
    (r"^condition_embedder\.image_embedder\.ff\.net\.2", "img_emb.proj.3"),
    (r"^condition_embedder\.image_embedder\.norm2", "img_emb.proj.4"),
    (r"^condition_embedder\.image_embedder\.pos_embed$", "img_emb.emb_pos"),
    (r"^scale_shift_table$", "head.modulation"),
    (r"^proj_out", "head.head"),
    (r"\.scale_shift_table$", ".modulation"),
    (r"\.ffn\.net\.0\.proj\.", ".ffn.0."),
    (r"\.ffn\.net\.2\.", ".ffn.2."),
    (r"^(blocks\.\d+)\.norm2\.", r"\1.norm3."),
    (r"\.attn1\.", ".self_attn."),
    (r"\.attn2\.", ".cross_attn."),
    (r"\.to_([qkv])\.", r".\1."),
    (r"\.to_out\.0\.", ".o."),
    (r"\.add_([kv])_proj\.", r".\1_img."),
    (r"\.norm_added_k\.", ".norm_k_img."),
)

_TEXT_ENCODER = (
    (r"^shared\.", "token_embedding."),
    (r"^encoder\.final_layer_norm\.", "norm."),
    (r"^encoder\.block\.", "blocks."),
    (r"\.layer\.0\.layer_norm\.", ".norm1."),
    (r"\.layer\.0\.SelfAttention\.relative_attention_bias\.", ".pos_embedding.embedding."),
    (r"\.layer\.0\.SelfAttention\.", ".attn."),
    (r"\.layer\.1\.layer_norm\.", ".norm2."),
    (r"\.layer\.1\.DenseReluDense\.wi_0\.", ".ffn.gate.0."),
    (r"\.layer\.1\.DenseReluDense\.wi_1\.", ".ffn.fc1."),
    (r"\.layer\.1\.DenseReluDense\.wo\.", ".ffn.fc2."),
)

_IMAGE_ENCODER = (
    (r"^vision_model\.embeddings\.patch_embedding\.", "visual.patch_embedding."),
    (r"^vision_model\.pre_layrnorm\.", "visual.pre_norm."),
    (r"^vision_model\.post_layernorm\.", "visual.post_norm."),
    (r"^vision_model\.encoder\.layers\.", "visual.transformer."),
    (r"\.layer_norm([12])\.", r".norm\1."),
    (r"\.self_attn\.out_proj\.", ".attn.proj."),
    (r"\.mlp\.fc1\.", ".mlp.0."),
    (r"\.mlp\.fc2\.", ".mlp.2."),
)

_VAE_RESIDUAL = (
    (r"\.norm1\.gamma$", ".residual.0.gamma"),
    (r"\.conv1\.(weight|bias)$", r".residual.2.\1"),
    (r"\.norm2\.gamma$", ".residual.3.gamma"),
    (r"\.conv2\.(weight|bias)$", r".residual.6.\1"),
    (r"\.conv_shortcut\.", ".shortcut."),
)

_VAE = (
    (r"^quant_conv\.", "conv1."),
    (r"^post_quant_conv\.", "conv2."),
    (r"\.conv_in\.", ".conv1."),
    (r"\.norm_out\.", ".head.0."),
    (r"\.conv_out\.", ".head.2."),
    (r"\.mid_block\.attentions\.0\.", ".middle.1."),
    (r"\.down_blocks\.", ".downsamples."),
)


def original_transformer(tensors: Tensors) -> Tensors:
    """Rename the transformer; `norm2` of diffusers is `norm3` of the original."""
    return _renamed(tensors, lambda name: _substitute(name, _TRANSFORMER))


def original_text_encoder(tensors: Tensors) -> Tensors:
    """Rename the UMT5 encoder."""
    return _renamed(tensors, lambda name: _substitute(name, _TEXT_ENCODER))


def original_image_encoder(tensors: Tensors) -> Tensors:
    """Rename CLIP's image tower, joining query, key and value, and add the parts Wan has no use for."""
    rest = dict(tensors)
    prefix = "vision_model.embeddings."
    originals: Tensors = {
        "visual.cls_embedding": rest.pop(f"{prefix}class_embedding").reshape(1, 1, -1),
        "visual.pos_embedding": rest.pop(f"{prefix}position_embedding.weight").unsqueeze(0),
        "visual.head": torch.zeros(originals_width(tensors), 16),
        "textual.model.token_embedding.weight": torch.zeros(8, 4),
        "log_scale": torch.zeros(()),
    }
    for name in [name for name in rest if ".q_proj." in name]:
        parts = [rest.pop(name.replace(".q_proj.", f".{letter}_proj.")) for letter in "qkv"]
        joined = name.replace(".self_attn.q_proj.", ".attn.to_qkv.")
        originals[_substitute(joined, _IMAGE_ENCODER)] = torch.cat(parts)
    return originals | _renamed(rest, lambda name: _substitute(name, _IMAGE_ENCODER))


def originals_width(tensors: Tensors) -> int:
    """Return the width of the image tower's tokens."""
    return tensors["vision_model.embeddings.class_embedding"].shape[0]


def original_vae(tensors: Tensors) -> Tensors:
    """Rename the autoencoder; the original numbers blocks and resamplers of a side in one list."""
    return _renamed(tensors, _original_vae_name)


def _original_vae_name(name: str) -> str:
    if match := re.match(r"^(.*)\.mid_block\.resnets\.(\d)(\..*)$", name):
        side, index, rest = match.groups()
        return f"{side}.middle.{2 * int(index)}{_substitute(rest, _VAE_RESIDUAL)}"
    if match := re.match(r"^decoder\.up_blocks\.(\d)\.(resnets|upsamplers)\.(\d)(\..*)$", name):
        block, part, index, rest = match.groups()
        position = 4 * int(block) + (3 if part == "upsamplers" else int(index))
        return f"decoder.upsamples.{position}{_substitute(rest, _VAE_RESIDUAL)}"
    if name.startswith("encoder.down_blocks."):
        name = _substitute(name, _VAE_RESIDUAL)
    return _substitute(name, _VAE)


def _substitute(name: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def _renamed(tensors: Tensors, rename: Callable[[str], str]) -> Tensors:
    renamed = {rename(name): value for name, value in tensors.items()}
    assert len(renamed) == len(tensors), "two tensors got one name"
    return renamed
