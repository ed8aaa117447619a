"""Keys and values of the cross-attentions: they do not depend on the denoising step."""

from typing import Any, NamedTuple

from torch import Tensor, nn


class ContextKeys(NamedTuple):
    """What one block attends to, each [batch, text or image tokens, heads, head size]; no image: None."""

    text_key: Tensor
    text_value: Tensor
    image_key: Tensor | None
    image_value: Tensor | None


class Context:
    """One branch of one request: the embedded text and image, and every block's keys once it computed them.

    `text` is [batch, 512, model size], `image` [batch, image tokens, model size] or None. The keys of all
    blocks take 2 * layers * tokens * model size numbers (0.6 GB a branch for 14B with an image in bfloat16);
    `keep=False` computes them anew in every step instead.
    """

    def __init__(self, text: Tensor, image: Tensor | None, *, keep: bool = True) -> None:
        self._text = text
        self._image = image
        self._keep = keep
        self._keys: dict[int, ContextKeys] = {}

    def keys(self, index: int, block: nn.Module) -> ContextKeys:
        """Return the keys of `block`, the `index`-th; its weights have to be on the device."""
        kept = self._keys.get(index)
        if kept is None:
            kept = self._project(block.attn2)
            if self._keep:
                self._keys[index] = kept
        return kept

    def _project(self, attention: Any) -> ContextKeys:
        def split(x: Tensor) -> Tensor:
            heads: Tensor = x.unflatten(2, (attention.heads, -1))
            return heads

        image_key = image_value = None
        if self._image is not None:
            image_key = split(attention.norm_added_k(attention.add_k_proj(self._image)))
            image_value = split(attention.add_v_proj(self._image))
        text_key = split(attention.norm_k(attention.to_k(self._text)))
        return ContextKeys(text_key, split(attention.to_v(self._text)), image_key, image_value)
