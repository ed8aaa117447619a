"""Name maps of Wan's transformer and video autoencoder.

Names of the originals: github.com/Wan-Video/Wan2.1, wan/modules/model.py and vae.py.
"""

import re
from collections.abc import Sequence

from polyreel_inference.diffusion.weights.name_maps import Destination, rename_segments

_TRANSFORMER = {
    "time_embedding.0": "condition_embedder.time_embedder.linear_1",
    "time_embedding.2": "condition_embedder.time_embedder.linear_2",
    "text_embedding.0": "condition_embedder.text_embedder.linear_1",
    "text_embedding.2": "condition_embedder.text_embedder.linear_2",
    "time_projection.1": "condition_embedder.time_proj",
    "img_emb.proj.0": "condition_embedder.image_embedder.norm1",
    "img_emb.proj.1": "condition_embedder.image_embedder.ff.net.0.proj",
    "img_emb.proj.3": "condition_embedder.image_embedder.ff.net.2",
    "img_emb.proj.4": "condition_embedder.image_embedder.norm2",
    "img_emb.emb_pos": "condition_embedder.image_embedder.pos_embed",
    "head.modulation": "scale_shift_table",
    "head.head": "proj_out",
}

_TRANSFORMER_BLOCK = {
    "modulation": "scale_shift_table",
    "ffn.0": "ffn.net.0.proj",
    "ffn.2": "ffn.net.2",
    # The affine norm before the cross attention is the third of the original, the second of diffusers.
    "norm3": "norm2",
    **{
        f"{original}.{part}": f"{ours}.{renamed}"
        for original, ours in (("self_attn", "attn1"), ("cross_attn", "attn2"))
        for part, renamed in (
            ("q", "to_q"),
            ("k", "to_k"),
            ("v", "to_v"),
            ("o", "to_out.0"),
            ("norm_q", "norm_q"),
            ("norm_k", "norm_k"),
            ("k_img", "add_k_proj"),
            ("v_img", "add_v_proj"),
            ("norm_k_img", "norm_added_k"),
        )
    },
}

# Community files wrap the model; the prefixes say nothing.
_WRAPPERS = ("model.diffusion_model.", "diffusion_model.", "transformer.")
# LoRA trainers of kohya's family (musubi-tuner) write underscores for the dots of the original names.
_FLATTENED = re.compile(r"lora_unet_blocks_(\d+)_(self_attn|cross_attn|ffn)_(\w+)")


def wan_transformer_names(name: str) -> Sequence[Destination]:
    """Map names of the original transformer, and of diffusers' own, to diffusers' WanTransformer3DModel."""
    for wrapper in _WRAPPERS:
        name = name.removeprefix(wrapper)
    name = _FLATTENED.sub(r"blocks.\1.\2.\3", name)
    renames = _TRANSFORMER_BLOCK if name.startswith("blocks.") else _TRANSFORMER
    return (Destination(rename_segments(name, renames)),)


_VAE_ENDS = {
    "residual.0": "norm1",
    "residual.2": "conv1",
    "residual.3": "norm2",
    "residual.6": "conv2",
    "shortcut": "conv_shortcut",
}
_VAE_SIDE = {"conv1": "conv_in", "head.0": "norm_out", "head.2": "conv_out"}
_VAE_WHOLE = {"conv1": "quant_conv", "conv2": "post_quant_conv"}
_VAE_MIDDLE = {"0": "resnets.0", "1": "attentions.0", "2": "resnets.1"}
# The decoder's list runs through four levels of three residual blocks, with a resampler between levels.
_DECODER_STRIDE = 4


def wan_vae_names(name: str) -> Sequence[Destination]:
    """Map names of the original autoencoder, and of diffusers' own, to diffusers' AutoencoderKLWan."""
    if re.match(r"conv[12]\.", name):
        return (Destination(rename_segments(name, _VAE_WHOLE)),)
    match = re.match(r"(encoder|decoder)\.(middle|downsamples|upsamples)\.(\d+)\.(.*)$", name)
    if match is None:
        side, dot, rest = name.partition(".")
        return (Destination(side + dot + _side_name(rest) if dot else name),)
    side, part, number, rest = match.groups()
    rest = rename_segments(rest, _VAE_ENDS)
    if part == "downsamples":
        return (Destination(f"{side}.down_blocks.{number}.{rest}"),)
    if part == "middle":
        return (Destination(f"{side}.mid_block.{_VAE_MIDDLE.get(number, number)}.{rest}"),)
    level, position = divmod(int(number), _DECODER_STRIDE)
    kind = "upsamplers.0" if position == _DECODER_STRIDE - 1 else f"resnets.{position}"
    return (Destination(f"{side}.up_blocks.{level}.{kind}.{rest}"),)


def _side_name(rest: str) -> str:
    # Only the side's own first convolution is `conv1`; deeper ones belong to residual blocks.
    return rename_segments(rest, _VAE_SIDE) if rest.startswith(("conv1.", "head.")) else rest
