"""Sizes of the tiny InfiniteTalk model; widths that the published code fixes are the published ones."""

from typing import Any

from tests.checkpoints import kinds
from tests.checkpoints.kinds import FEED_FORWARD, HEAD_DIMENSION, HEADS, LAYERS, VAE_CONFIG

DIMENSION = HEADS * HEAD_DIMENSION
TEXT_DIMENSION = 4096
IMAGE_DIMENSION = 1280
SPEECH_DIMENSION = 768
SPEECH_LAYERS = 12
AUDIO_TOKENS = 32
# Frames of speech that one latent frame hears: the first one, and each of the others.
FIRST_WINDOW, LATER_WINDOW = 5, 8
# 512 as published; it says how large the files are, and a config.json may state another one.
AUDIO_HIDDEN = 32

TRANSFORMER_CONFIG: dict[str, Any] = {
    "_class_name": "WanModel",
    "_diffusers_version": "0.30.0",
    "dim": DIMENSION,
    "eps": 1e-06,
    "ffn_dim": FEED_FORWARD,
    "freq_dim": 256,
    "in_dim": 36,
    "model_type": "i2v",
    "num_heads": HEADS,
    "num_layers": LAYERS,
    "out_dim": 16,
    "text_len": 512,
    "intermediate_dim": AUDIO_HIDDEN,
}
"""config.json of the base. The published one leaves out `intermediate_dim`, which is AUDIO_HIDDEN."""

TRANSFORMER_MODULE: dict[str, Any] = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": HEADS,
    "attention_head_dim": HEAD_DIMENSION,
    "in_channels": 36,
    "out_channels": 16,
    "text_dim": TEXT_DIMENSION,
    "freq_dim": 256,
    "ffn_dim": FEED_FORWARD,
    "num_layers": LAYERS,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "eps": 1e-6,
    "image_dim": IMAGE_DIMENSION,
    "added_kv_proj_dim": DIMENSION,
}
"""The same base model in the words of diffusers' WanTransformer3DModel."""

TEXT_ENCODER_CONFIG = kinds.TEXT_ENCODER_CONFIG | {"d_model": TEXT_DIMENSION}

IMAGE_ENCODER_CONFIG: dict[str, Any] = {
    "hidden_size": IMAGE_DIMENSION,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 16,
    "image_size": 224,
    "patch_size": 14,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "projection_dim": 16,
}

SPEECH_ENCODER_CONFIG: dict[str, Any] = {
    "model_type": "wav2vec2",
    "architectures": ["Wav2Vec2ForPreTraining"],
    "hidden_size": SPEECH_DIMENSION,
    "num_hidden_layers": SPEECH_LAYERS,
    "num_attention_heads": 12,
    "intermediate_size": 64,
    "conv_dim": [16] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "conv_bias": False,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 16,
    "num_feat_extract_layers": 7,
    "feat_extract_norm": "group",
    "feat_extract_activation": "gelu",
    "do_stable_layer_norm": False,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "codevector_dim": 8,
    "proj_codevector_dim": 8,
    "num_codevector_groups": 2,
    "num_codevectors_per_group": 4,
}

SPEECH_FEATURES_CONFIG: dict[str, Any] = {
    "feature_extractor_type": "Wav2Vec2FeatureExtractor",
    "do_normalize": True,
    "feature_size": 1,
    "padding_side": "right",
    "padding_value": 0,
    "return_attention_mask": False,
    "sampling_rate": 16000,
}

# Narrower ones pass rounding on to the next chunk tenfold, and long videos could not be compared any more.
AUTOENCODER_CONFIG: dict[str, Any] = VAE_CONFIG
