"""Sizes of the tiny LatentSync model; what the published code fixes is as published."""

from typing import Any

UNET: dict[str, Any] = {
    "block_out_channels": [32, 64, 96, 96],
    "layers_per_block": 2,
    "cross_attention_dim": 384,
    "attention_head_dim": 8,
    "norm_num_groups": 32,
}
"""Sizes in the words of the published configuration: the head "dimension" of 8 means eight heads."""

LATENT_CHANNELS = 4
# Noisy latents, mask, latents of the masked crop, latents of the reference.
UNET_CHANNELS = 3 * LATENT_CHANNELS + 1
LONGEST_CHUNK = 24

UNET_MODULE: dict[str, Any] = {
    "sample_size": 64,
    "in_channels": UNET_CHANNELS,
    "out_channels": LATENT_CHANNELS,
    "block_out_channels": tuple(UNET["block_out_channels"]),
    "layers_per_block": UNET["layers_per_block"],
    "cross_attention_dim": UNET["cross_attention_dim"],
    "num_attention_heads": UNET["attention_head_dim"],
    "motion_num_attention_heads": 8,
    "motion_max_seq_length": LONGEST_CHUNK,
    "norm_num_groups": UNET["norm_num_groups"],
    "use_motion_mid_block": False,
}
"""The same network in the words of diffusers' UNetMotionModel, whose tensors have the same shapes."""

WHISPER_DIMENSIONS = {
    "n_mels": 80,
    "n_audio_ctx": 1500,
    "n_audio_state": 384,
    "n_audio_head": 6,
    "n_audio_layer": 4,
    "n_vocab": 96,
    "n_text_ctx": 16,
    "n_text_state": 384,
    "n_text_head": 6,
    "n_text_layer": 1,
}
"""The encoder of "tiny" as published; of the decoder, which LatentSync never runs, one layer."""

VAE_CONFIG: dict[str, Any] = {
    "_class_name": "AutoencoderKL",
    "_diffusers_version": "0.4.2",
    "act_fn": "silu",
    "block_out_channels": [16, 32, 32, 32],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "in_channels": 3,
    "latent_channels": LATENT_CHANNELS,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "out_channels": 3,
    "sample_size": 256,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
}
"""config.json of the autoencoder. Like the published one it leaves out the scaling factor, 0.18215."""
