"""Reading, fitting and packing of still pictures."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.orientation import Frame

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""Only raster formats: some of the others Pillow knows start external programs."""


def read_image(path: Path, max_pixels: int = 64_000_000, paper: str = "white") -> Frame:
    """Read the picture at `path` as uint8 RGB [H, W, 3]; the first one of an animation.

    The EXIF orientation is applied and transparency is laid over the colour `paper`. Raises
    `UnreadableMedia` when the file is no picture, is damaged, or has more than `max_pixels` pixels (checked
    before decoding).
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image, max_pixels)
            return np.ascontiguousarray(_flatten(ImageOps.exif_transpose(image), paper))
    except (UnreadableMedia, FileNotFoundError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableMedia(
            f"The picture has too many pixels; at most {max_pixels} are allowed."
        ) from error
    # Pillow's decoders raise whatever their parsers run into: SyntaxError, struct.error, EOFError, OSError...
    except Exception as error:
        raise UnreadableMedia("The picture is damaged or of a kind that cannot be read.") from error


def is_picture(path: Path) -> bool:
    """Whether the file begins like a picture `read_image` knows; it may still be damaged or too large."""
    try:
        with Image.open(path, formats=FORMATS):
            return True
    except UnidentifiedImageError:
        return False
    except Image.DecompressionBombError:
        return True


def resize_and_crop(image: Frame, width: int, height: int) -> Frame:
    """Scale the picture to fill `width` x `height` pixels and cut what stands over equally on both sides."""
    rows, columns = image.shape[:2]
    scale = max(width / columns, height / rows)
    kept_width, kept_height = width / scale, height / scale
    left, top = (columns - kept_width) / 2, (rows - kept_height) / 2
    fitted = Image.fromarray(image).resize(
        (width, height),
        Image.Resampling.LANCZOS,
        box=(left, top, min(columns, left + kept_width), min(rows, top + kept_height)),
    )
    return np.array(fitted)


def encode_jpeg(image: Frame, quality: int = 80, max_bytes: int = 256 * 1024) -> bytes:
    """Pack the picture as JPEG of at most `max_bytes`, at `quality` (1 to 95) or as much lower as needed."""
    picture = Image.fromarray(image)
    while True:
        packed = io.BytesIO()
        picture.save(packed, format="JPEG", quality=quality)
        if packed.tell() <= max_bytes:
            return packed.getvalue()
        if quality > 40:
            quality -= 20
        else:
            picture = picture.resize((max(1, picture.width // 2), max(1, picture.height // 2)))


def _check_size(image: Image.Image, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise UnreadableMedia(
            f"The picture has {image.width}x{image.height} pixels; at most {max_pixels} are allowed."
        )


def _flatten(image: Image.Image, paper: str) -> Frame:
    if image.mode.startswith("I;16"):
        # Pillow would clip 16-bit grey at 255 instead of scaling it.
        grey = (np.asarray(image, dtype=np.uint16) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if not image.has_transparency_data:
        return np.array(image.convert("RGB"))
    layered = image.convert("RGBA")
    background = Image.new("RGBA", layered.size, paper)
    return np.array(Image.alpha_composite(background, layered).convert("RGB"))
