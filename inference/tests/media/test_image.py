"""Still pictures: orientation, transparency, limits, fitting, packing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.image import encode_jpeg, is_picture, read_image, resize_and_crop


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), "red")
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "turned.jpg", exif=exif)
    assert read_image(tmp_path / "turned.jpg").shape == (40, 20, 3)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_lies_over_white(tmp_path: Path, mode: str) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).convert(mode).save(tmp_path / "clear.png")
    assert (read_image(tmp_path / "clear.png") == 255).all()


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "RGB"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    Image.new("RGB", (9, 7), "white").convert(mode).save(tmp_path / f"white.{suffix}")
    shown = read_image(tmp_path / f"white.{suffix}")
    assert shown.shape == (7, 9, 3)
    assert shown.dtype == np.uint8
    assert (shown >= 254).all()


def test_sixteen_bit_grey_is_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0x8000, np.uint16)).save(tmp_path / "deep.png")
    assert (read_image(tmp_path / "deep.png") == 128).all()


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path) -> None:
    Image.new("1", (3000, 3000)).save(tmp_path / "big.png")
    with pytest.raises(UnreadableMedia, match="3000x3000"):
        read_image(tmp_path / "big.png", max_pixels=1_000_000)


def test_a_picture_that_pillow_takes_for_a_bomb_is_told_to_be_too_large(tmp_path: Path) -> None:
    Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")
    with pytest.raises(UnreadableMedia, match="at most 64000000 are allowed"):
        read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\x89PNG\r\n\x1a\nrubbish"]
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "input-image").write_bytes(content)
    with pytest.raises(UnreadableMedia):
        read_image(tmp_path / "input-image")


def test_pictures_are_told_from_other_files(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp")
    (tmp_path / "b.png").write_bytes(b"\x00\x00\x00\x20ftypisom")

    assert is_picture(tmp_path / "a.webp")
    assert not is_picture(tmp_path / "b.png")
    with pytest.raises(FileNotFoundError):
        is_picture(tmp_path / "absent.png")


def test_the_first_picture_of_a_stereo_camera_is_read(tmp_path: Path) -> None:
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    red.save(tmp_path / "stereo.mpo", save_all=True, append_images=[blue])

    assert is_picture(tmp_path / "stereo.mpo")
    assert read_image(tmp_path / "stereo.mpo")[4, 4, 0] > 250


def test_a_truncated_picture_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "half.png")
    content = (tmp_path / "half.png").read_bytes()
    (tmp_path / "half.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableMedia):
        read_image(tmp_path / "half.png")


@pytest.mark.parametrize(("width", "height"), [(32, 32), (64, 16), (17, 51)])
def test_resize_fills_and_keeps_the_centre(width: int, height: int) -> None:
    image = np.zeros((60, 100, 3), np.uint8)
    image[29:31, 49:51] = 255
    fitted = resize_and_crop(image, width, height)
    assert fitted.shape == (height, width, 3)
    bright = np.argwhere(fitted[:, :, 0] > fitted.max() * 0.9).mean(axis=0)
    assert bright == pytest.approx([(height - 1) / 2, (width - 1) / 2], abs=1)


def test_jpeg_stays_below_its_limit() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (700, 700, 3), np.uint8)
    packed = encode_jpeg(noise, max_bytes=50_000)
    assert packed.startswith(b"\xff\xd8")
    assert len(packed) <= 50_000
