"""What a folder of weights holds, whatever its layout."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from polyreel_inference.diffusion.model_folder.component_files import ComponentFiles

Layout = Literal["original", "diffusers"]
Kind = Literal["t2v", "i2v", "flf2v"]


@dataclass(frozen=True)
class FolderParts:
    """The parts of one model.

    `transformer_config` is that of diffusers' WanTransformer3DModel; `transformers` are one, or two experts
    with the one for high noise first; `tokenizer` is a folder; `boundary` is where the experts change, when
    the folder says so.
    """

    layout: Layout
    transformer_config: dict[str, Any]
    transformers: tuple[ComponentFiles, ...]
    text_encoder: ComponentFiles
    tokenizer: Path
    image_encoder: ComponentFiles | None
    vae: ComponentFiles
    boundary: float | None = None

    @property
    def kind(self) -> Kind:
        """What the model makes videos from: text, a picture, or the first and the last picture."""
        if self.transformer_config["in_channels"] == self.transformer_config["out_channels"]:
            return "t2v"
        return "i2v" if self.transformer_config["pos_embed_seq_len"] is None else "flf2v"
