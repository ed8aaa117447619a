"""Folders as Wan's authors and those of distilled checkpoints publish them."""

from pathlib import Path
from typing import Any

from polyreel_inference.diffusion.model_folder.checkpoint_choice import choose_checkpoints
from polyreel_inference.diffusion.model_folder.component_files import ComponentFiles, read_config
from polyreel_inference.diffusion.model_folder.folder_parts import FolderParts
from polyreel_inference.diffusion.model_folder.folder_settings import FolderSettings
from polyreel_inference.diffusion.weights.errors import WeightsError, listed
from polyreel_inference.diffusion.weights.stored_tensors import QUANTIZED_TYPES

_TEXT_ENCODER = "models_t5_umt5-xxl-enc-*"
_IMAGE_ENCODER = "models_clip_open-clip-xlm-roberta-large-vit-huge-14*"
_VAE = "Wan2.1_VAE"
_TOKENIZER = Path("google", "umt5-xxl")
_SUFFIXES = (".safetensors", ".pth")
_KINDS = ("t2v", "i2v", "flf2v")
_PUBLISHED_TEXT_DIM, _PUBLISHED_IMAGE_DIM = 4096, 1280


def read_original(folder: Path, settings: FolderSettings) -> FolderParts:
    """Find the parts of a model. Raises `WeightsError` naming every file that is missing."""
    checkpoints = choose_checkpoints(folder, settings.checkpoint)
    configs = [_config_of(folder, files) for files in checkpoints]
    config = _transformer_config(configs[0], experts=len(checkpoints))
    missing: list[str] = []
    text_encoder = _part(folder, _TEXT_ENCODER, missing)
    vae = _part(folder, _VAE, missing)
    image_encoder = None if config["image_dim"] is None else _part(folder, _IMAGE_ENCODER, missing)
    tokenizer = folder / _TOKENIZER
    if not tokenizer.is_dir():
        missing.append(f"{_TOKENIZER}/ (the tokenizer)")
    if text_encoder is None or vae is None or missing:
        raise WeightsError(f"{folder} lacks: {listed(missing)}.")
    return FolderParts(
        layout="original",
        transformer_config=config,
        transformers=tuple(
            ComponentFiles.of(files, path) for files, path in zip(checkpoints, configs, strict=True)
        ),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        image_encoder=image_encoder,
        vae=vae,
    )


def _config_of(folder: Path, files: tuple[Path, ...]) -> Path:
    """Return the config.json nearest to the weights, from beside them up to that of the whole folder."""
    inner = [place for place in files[0].parents if place.is_relative_to(folder)]
    configs = [place / "config.json" for place in (files[0].parent, *inner, folder)]
    present = [path for path in configs if path.is_file()]
    # Repositories of distilled files have an empty one, which only serves to count downloads.
    if stating := [path for path in present if path.stat().st_size > 0]:
        return stating[0]
    fault = (
        f"{present[0]} is empty, but should state" if present else f"{folder} lacks config.json, which states"
    )
    raise WeightsError(
        f"{fault} the sizes of the transformer; copy the one of the model that the checkpoint was made from."
    )


def _part(folder: Path, pattern: str, missing: list[str]) -> ComponentFiles | None:
    found = sorted((path for end in _SUFFIXES for path in folder.glob(pattern + end)), key=_preference)
    if not found:
        missing.append(f"{pattern}.pth")
        return None
    config = found[0].with_suffix(".json")
    return ComponentFiles.of((found[0],), config if config.is_file() else None)


def _preference(path: Path) -> tuple[bool, str, int]:
    """Order files of the same part: more precise ones first, and of those the ones that are read faster."""
    quantized = any(word in path.stem for word in QUANTIZED_TYPES)
    return quantized, path.stem, _SUFFIXES.index(path.suffix)


def _transformer_config(path: Path, experts: int) -> dict[str, Any]:
    """Translate Wan's words into those of diffusers' WanTransformer3DModel."""
    config = read_config(path)
    kind = config.get("model_type")
    if kind not in _KINDS:
        raise WeightsError(f"{path}: models of type {kind!r} are not supported, only {', '.join(_KINDS)}.")
    try:
        dim, heads = int(config["dim"]), int(config["num_heads"])
        channels, layers = int(config["in_dim"]), int(config["num_layers"])
        feed_forward, out_channels = int(config["ffn_dim"]), int(config["out_dim"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} does not state the sizes of a Wan transformer: {error}") from error
    # Wan 2.2, with its two experts, sees pictures by the autoencoder alone.
    image_dim = None if kind == "t2v" or experts > 1 else int(config.get("image_dim", _PUBLISHED_IMAGE_DIM))
    return {
        "patch_size": tuple(config.get("patch_size", (1, 2, 2))),
        "num_attention_heads": heads,
        "attention_head_dim": dim // heads,
        "in_channels": channels,
        "out_channels": out_channels,
        "text_dim": int(config.get("text_dim", _PUBLISHED_TEXT_DIM)),
        "freq_dim": int(config.get("freq_dim", 256)),
        "ffn_dim": feed_forward,
        "num_layers": layers,
        "cross_attn_norm": bool(config.get("cross_attn_norm", True)),
        "qk_norm": "rms_norm_across_heads" if config.get("qk_norm", True) else None,
        "eps": float(config.get("eps", 1e-6)),
        "image_dim": image_dim,
        "added_kv_proj_dim": None if image_dim is None else dim,
        "rope_max_seq_len": 1024,
        "pos_embed_seq_len": 514 if kind == "flf2v" else None,
    }
