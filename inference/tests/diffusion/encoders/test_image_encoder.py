"""Pictures: the states of CLIP's layer before the last, of the whole picture squeezed to a square."""

import json

import numpy as np
import pytest
import torch
from transformers import CLIPVisionModel

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.encoders.image_encoder import ImageEncoder
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from tests.checkpoints.kinds import IMAGE_ENCODER_CONFIG
from tests.checkpoints.written import WrittenCheckpoints

STEM = "models_clip_open-clip-xlm-roberta-large-vit-huge-14"


@pytest.fixture(scope="module")
def encoder(checkpoints: WrittenCheckpoints) -> ImageEncoder:
    folder = checkpoints.folder("i2v", "original")
    config = json.loads((folder / f"{STEM}.json").read_text())
    return ImageEncoder.load(TensorFiles([folder / f"{STEM}.pth"]), config, backend=open_backend("cpu"))


def test_states_equal_those_of_transformers(checkpoints: WrittenCheckpoints, encoder: ImageEncoder) -> None:
    model = CLIPVisionModel.from_pretrained(checkpoints.folder("i2v", "diffusers") / "image_encoder")
    pixels = np.random.default_rng(0).uniform(0, 1, (3, 224, 224)).astype(np.float32)
    mean = np.array([0.48145466, 0.4578275, 0.40821073], dtype=np.float32)[:, None, None]
    deviation = np.array([0.26862954, 0.26130258, 0.27577711], dtype=np.float32)[:, None, None]
    with torch.no_grad():
        normalised = torch.from_numpy((pixels - mean) / deviation).unsqueeze(0)
        wanted = model(pixel_values=normalised, output_hidden_states=True).hidden_states[-2][0]

    states = encoder.encode(torch.from_numpy(pixels) * 2 - 1)

    assert states.shape == (257, 32)
    assert torch.allclose(states, wanted, atol=1e-5)


def test_both_layouts_give_the_same_states(checkpoints: WrittenCheckpoints, encoder: ImageEncoder) -> None:
    folder = checkpoints.folder("i2v", "diffusers") / "image_encoder"
    files = TensorFiles.in_folder(folder, "model")
    other = ImageEncoder.load(files, IMAGE_ENCODER_CONFIG, backend=open_backend("cpu"))
    image = torch.rand(3, 40, 64) * 2 - 1

    assert torch.equal(encoder.encode(image), other.encode(image))


def test_nothing_is_cropped(encoder: ImageEncoder) -> None:
    image = torch.zeros(3, 32, 128)
    edge = image.clone()
    edge[:, :, :8] = 1.0

    patches = (encoder.encode(edge) - encoder.encode(image)).abs().sum(dim=1)[1:].reshape(16, 16)
    columns = patches.sum(dim=0)

    # Eight of 128 columns are the first of sixteen columns of patches; the resizing reaches into the second.
    assert columns[0] > 20 * columns[2:].max()


def test_uniform_pictures_do_not_depend_on_their_size(encoder: ImageEncoder) -> None:
    small, wide = torch.full((3, 16, 16), 0.25), torch.full((3, 64, 208), 0.25)

    assert torch.allclose(encoder.encode(small), encoder.encode(wide), atol=1e-5)


def test_weights_of_another_size_are_refused(checkpoints: WrittenCheckpoints) -> None:
    files = TensorFiles([checkpoints.folder("i2v", "original") / f"{STEM}.pth"])

    with pytest.raises(
        WeightsError, match=r"visual\.patch_embedding\.weight \[32, 3, 14, 14\] instead of \[64"
    ):
        ImageEncoder.load(files, IMAGE_ENCODER_CONFIG | {"hidden_size": 64}, backend=open_backend("cpu"))
