"""Names of the originals become the modules' own, and nothing else does."""

import pytest
from diffusers.loaders.single_file_utils import (
    convert_wan_transformer_to_diffusers,
    convert_wan_vae_to_diffusers,
)

from polyreel_inference.diffusion.weights.encoder_names import clip_vision_names, umt5_names
from polyreel_inference.diffusion.weights.name_maps import Destination, NameMap
from polyreel_inference.diffusion.weights.wan_names import wan_transformer_names, wan_vae_names
from tests.checkpoints.components import (
    random_image_encoder,
    random_text_encoder,
    random_transformer,
    random_vae,
)
from tests.checkpoints.kinds import KINDS
from tests.checkpoints.original_names import original_transformer, original_vae


def test_transformer_names_agree_with_diffusers() -> None:
    original = original_transformer(random_transformer(KINDS["i2v"], 0, 0))

    for name, value in original.items():
        (converted,) = convert_wan_transformer_to_diffusers({name: value})
        assert wan_transformer_names(name) == (Destination(converted),)


def test_autoencoder_names_agree_with_diffusers() -> None:
    original = original_vae(random_vae(0))

    for name, value in original.items():
        (converted,) = convert_wan_vae_to_diffusers({name: value})
        assert wan_vae_names(name) == (Destination(converted),)


@pytest.mark.parametrize(
    ("names", "own"),
    [
        (wan_transformer_names, random_transformer(KINDS["flf2v"], 0, 0)),
        (wan_vae_names, random_vae(0)),
        (umt5_names, random_text_encoder(0)),
        (clip_vision_names("vision_model."), random_image_encoder(0)),
    ],
    ids=["transformer", "autoencoder", "text", "image"],
)
def test_own_names_stay(names: NameMap, own: dict[str, object]) -> None:
    for name in own:
        assert names(name) == (Destination(name),)


@pytest.mark.parametrize(
    "name",
    [
        "audio_proj.proj1_vf.weight",
        "blocks.3.norm_x.weight",
        "blocks.3.audio_cross_attn.q_linear.weight",
        "blocks.3.audio_cross_attn.proj.bias",
    ],
)
def test_names_of_additions_are_not_torn_apart(name: str) -> None:
    assert wan_transformer_names(name) == (Destination(name),)


def test_wrapped_transformers_are_unwrapped() -> None:
    for wrapper in ("", "diffusion_model.", "model.diffusion_model."):
        (destination,) = wan_transformer_names(f"{wrapper}blocks.11.cross_attn.k_img.weight")
        assert destination.name == "blocks.11.attn2.add_k_proj.weight"


@pytest.mark.parametrize(
    ("flattened", "name"),
    [
        ("lora_unet_blocks_11_self_attn_q", "blocks.11.attn1.to_q"),
        ("lora_unet_blocks_0_cross_attn_v_img", "blocks.0.attn2.add_v_proj"),
        ("lora_unet_blocks_39_ffn_0", "blocks.39.ffn.net.0.proj"),
    ],
)
def test_flattened_names_of_trainers_are_understood(flattened: str, name: str) -> None:
    assert wan_transformer_names(f"{flattened}.weight") == (Destination(f"{name}.weight"),)


def test_image_tower_splits_query_key_and_value() -> None:
    names = clip_vision_names("")

    assert names("visual.transformer.31.attn.to_qkv.bias") == (
        Destination("encoder.layers.31.self_attn.q_proj.bias", share=0, shares=3),
        Destination("encoder.layers.31.self_attn.k_proj.bias", share=1, shares=3),
        Destination("encoder.layers.31.self_attn.v_proj.bias", share=2, shares=3),
    )
    assert names("visual.cls_embedding") == (Destination("embeddings.class_embedding", reshape=True),)
    assert names("vision_model.pre_layrnorm.weight") == (Destination("pre_layrnorm.weight"),)


@pytest.mark.parametrize(
    "name", ["log_scale", "textual.model.norm.weight", "visual.head", "visual_projection.weight"]
)
def test_image_tower_has_no_use_for_the_rest_of_clip(name: str) -> None:
    assert clip_vision_names("")(name) == ()
