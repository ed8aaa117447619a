"""A tokenizer of bytes that writes the files AutoTokenizer reads."""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, processors
from transformers import PreTrainedTokenizerFast

from tests.checkpoints.files import write_json

# Ids as UMT5 numbers them.
_SPECIAL = {"<pad>": 0, "</s>": 1, "<unk>": 2}


def write_tokenizer(folder: Path) -> None:
    """Write a tokenizer with one token per byte of UTF-8 and the end mark, 259 tokens in all."""
    vocabulary = _SPECIAL | {f"<0x{byte:02X}>": byte + len(_SPECIAL) for byte in range(256)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", _SPECIAL["</s>"])]
    )
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **names)
    fast.save_pretrained(folder)
    # transformers 5 writes a class name of its own; this one both 4 and 5 know.
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, config | {"tokenizer_class": "PreTrainedTokenizerFast"})
