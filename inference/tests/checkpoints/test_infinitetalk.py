"""The tiny InfiniteTalk model has the published tensors, and the same numbers wherever it is written."""

import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tests.checkpoints import infinitetalk_tensors as tensors
from tests.checkpoints.infinitetalk import InfiniteTalkFiles, write_infinitetalk


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> InfiniteTalkFiles:
    return write_infinitetalk(tmp_path_factory.mktemp("infinitetalk"))


def test_both_checkpoints_have_the_same_tensors_of_other_values(files: InfiniteTalkFiles) -> None:
    with safe_open(files.single, "pt") as single, safe_open(files.multi, "pt") as multi:
        name = "blocks.1.audio_cross_attn.kv_linear.weight"

        assert sorted(single.keys()) == sorted(multi.keys())
        assert single.get_slice(name).get_dtype() == "BF16"
        assert single.get_slice(name).get_shape() == [384, 768]
        assert not torch.equal(single.get_tensor(name), multi.get_tensor(name))


def test_a_tensor_depends_on_its_name_alone() -> None:
    first, again = tensors.audio_parts("single"), tensors.audio_parts("single")

    assert all(torch.equal(first[name], again[name]) for name in first)
    queries = first["blocks.0.audio_cross_attn.q_linear.weight"]
    assert not torch.equal(queries, first["blocks.1.audio_cross_attn.q_linear.weight"])
    assert queries.std() == pytest.approx(0.05, rel=0.02)
    assert first["audio_proj.norm.weight"].mean() == pytest.approx(1, abs=0.02)


def test_the_base_lies_in_seven_shards_as_published(files: InfiniteTalkFiles) -> None:
    shards = sorted(files.base.glob("diffusion_pytorch_model-0000?-of-00007.safetensors"))
    names: list[str] = []
    for shard in shards:
        with safe_open(shard, "pt") as stored:
            names += stored.keys()

    assert len(shards) == 7
    assert "blocks.1.cross_attn.k_img.weight" in names
    assert not any(re.search("audio|norm_x", name) for name in names)


def test_speech_is_stored_under_the_names_of_its_time(files: InfiniteTalkFiles) -> None:
    with safe_open(Path(files.speech, "model.safetensors"), "pt") as stored:
        names = set(stored.keys())

    assert "wav2vec2.encoder.pos_conv_embed.conv.weight_g" in names
    assert "quantizer.codevectors" in names
    assert not any("parametrizations" in name for name in names)
