"""UMT5 as Wan uses it: states of the tokens of a prompt, zeros behind them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer, UMT5Config, UMT5EncoderModel

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.encoders.text_cleaning import clean_text
from polyreel_inference.diffusion.weights.encoder_names import umt5_names
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles

TEXT_TOKENS = 512
"""Tokens of a prompt that count; the transformer always sees as many, the rest being zeros."""

# Lengths are rounded up to few different ones, for devices that compile a graph for each.
_LENGTH_STEP = 64

UMT5_XXL: Mapping[str, Any] = {
    "vocab_size": 256384,
    "d_model": 4096,
    "d_kv": 64,
    "d_ff": 10240,
    "num_heads": 64,
    "num_layers": 24,
    "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128,
    "feed_forward_proj": "gated-gelu",
    "layer_norm_epsilon": 1e-6,
    "dropout_rate": 0.0,
    "tie_word_embeddings": False,
}
"""Sizes of the encoder that every published Wan model was trained with."""


def build_umt5(config: Mapping[str, Any]) -> UMT5EncoderModel:
    """Build the encoder of these sizes, in the words of transformers' configuration."""
    return UMT5EncoderModel(UMT5Config.from_dict(dict(config)))


class TextEncoder:
    """A UMT5 encoder with its tokenizer. `model` is the module, for whoever places it in memory."""

    def __init__(self, model: UMT5EncoderModel, tokenizer: Any, backend: Backend) -> None:
        self.model = model
        self._tokenizer = tokenizer
        self._backend = backend

    @classmethod
    def load(
        cls,
        files: TensorFiles,
        config: Mapping[str, Any],
        tokenizer: Path,
        *,
        backend: Backend,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
    ) -> "TextEncoder":
        """Load weights in original names or transformers' own, and the tokenizer's folder.

        `dtype` None is the backend's; `device` None is the backend's, another one suits encoders that are
        moved there for each use. Raises `WeightsError`.
        """
        # First, because its faults show at once.
        opened_tokenizer = _open_tokenizer(tokenizer)
        model = load_module(
            lambda: build_umt5(config),
            files,
            umt5_names,
            dtype=backend.dtype if dtype is None else dtype,
            device=backend.device if device is None else device,
        )
        return cls(model, opened_tokenizer, backend)

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Return [texts, 512, width] on the device: the states of each text's tokens, then zeros.

        Texts are cleaned as in training. What exceeds 512 tokens is not seen; `token_count` tells.
        """
        ids, mask = self._tokens([clean_text(text) for text in texts])
        with torch.no_grad():
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        self._backend.mark_step()
        valid = states * mask.unsqueeze(-1).to(states.dtype)
        return torch.nn.functional.pad(valid, (0, 0, 0, TEXT_TOKENS - valid.shape[1]))

    def token_count(self, text: str) -> int:
        """Return how many tokens `text` has, the end mark included."""
        return len(self._tokenizer(clean_text(text), add_special_tokens=True, verbose=False)["input_ids"])

    def unread_tokens(self, text: str) -> int:
        """Return how many tokens at the end of `text` are not seen, because it is too long."""
        return max(0, self.token_count(text) - TEXT_TOKENS)

    def _tokens(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        # Padding is masked and its states are dropped, so no more of it is computed than shapes ask for.
        tokens = self._tokenizer(
            texts,
            padding="longest",
            pad_to_multiple_of=_LENGTH_STEP,
            max_length=TEXT_TOKENS,
            truncation=True,
            add_special_tokens=True,
            return_attention_mask=True,
            return_tensors="pt",
        )
        device = self._backend.device
        return tokens["input_ids"].to(device), tokens["attention_mask"].to(device)


def _open_tokenizer(folder: Path) -> Any:
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{folder} holds no tokenizer that can be read: {error}. Download its files again."
        ) from error
