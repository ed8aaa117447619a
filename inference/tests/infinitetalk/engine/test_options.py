"""The command line: the spellings of scripts around InfiniteTalk act, or are refused with a reason."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from polyreel_inference.__main__ import engine_of
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.engines.infinitetalk.offer import SamplingDefaults
from polyreel_inference.engines.infinitetalk.opening import check_compiling
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.parallel.ranks import Ranks
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.engine.offers import FILES, offer, options, parsed
from tests.infinitetalk.engine.running import options_of


def test_the_command_line_of_the_document() -> None:
    words = (
        *("--dit_fsdp", "--t5_fsdp", "--ulysses_size", "4", "--size", "infinitetalk-480"),
        *("--motion_frame", "9", "--sample_shift", "7", "--sample_text_guide_scale", "5"),
        *("--sample_audio_guide_scale", "4", "--host", "localhost", "--port", "8000"),
    )
    read = options(*words)
    assert (read.base, read.speech) == (Path("wan"), Path("wav2vec"))
    assert read.weights == (Path("single/infinitetalk.safetensors"),)
    assert (read.ulysses_size, read.shard_transformer, read.offload) == (4, True, "encoders")
    assert (read.resolution, read.motion_frames, read.shift) == ("480p", 9, 7)
    assert (read.text_scale, read.audio_scale) == (5, 4)
    assert (parsed(*words).host, parsed(*words).port) == ("localhost", 8000)


def test_the_command_line_for_gaudi() -> None:
    read = options(
        *("--size", "infinitetalk-480", "--mode", "streaming", "--motion_frame", "9"),
        *("--offload_model", "False", "--ulysses_size=8"),
    )
    assert (read.ulysses_size, read.offload, read.mode) == (8, "none", "streaming")


@pytest.mark.parametrize(
    ("words", "offload"),
    [
        ((), "none"),
        (("--offload_model", "True"), "encoders"),
        (("--offload_model",), "encoders"),
        (("--t5_cpu",), "encoders"),
        (("--num_persistent_param_in_dit", "0"), "blocks"),
        (("--offload", "blocks", "--t5_cpu"), "blocks"),
        (("--offload_model", "True", "--num_persistent_param_in_dit", "0"), "blocks"),
    ],
)
def test_what_stays_in_host_memory(words: tuple[str, ...], offload: str) -> None:
    assert options(*words).offload == offload


def test_lora_files_have_a_strength_each() -> None:
    read = options("--lora_dir", "a.safetensors", "b.safetensors", "--lora_scale", "1.0", "0.5")
    assert read.adapters == (LoraFile(Path("a.safetensors"), 1.0), LoraFile(Path("b.safetensors"), 0.5))
    assert options("--lora_dir", "a.safetensors").adapters == (LoraFile(Path("a.safetensors"), 1.2),)


@pytest.mark.parametrize(
    ("words", "sampling"),
    [
        ((), SamplingDefaults(40, 5, 4, None)),
        (("--lora_dir", "Wan2.1_I2V_14B_FusionX_LoRA.safetensors"), SamplingDefaults(8, 1, 2, 2)),
        (
            ("--lora_dir", "Wan21_I2V_14B_lightx2v_cfg_step_distill_lora_rank64.safetensors"),
            SamplingDefaults(4, 1, 2, 2),
        ),
        (
            ("--lora_dir", "x_distill.safetensors", "--sample_steps", "6", "--sample_audio_guide_scale", "3"),
            SamplingDefaults(6, 1, 3, 2),
        ),
    ],
)
def test_distilled_weights_are_sampled_as_their_publishers_say(
    words: tuple[str, ...], sampling: SamplingDefaults
) -> None:
    assert offer(*words).sampling == sampling


def test_a_whole_transformer_in_one_file() -> None:
    read = options(files=(*FILES[:4], "--dit_path", "infinitetalk_distill_model.safetensors"))
    assert read.weights == (Path("infinitetalk_distill_model.safetensors"),)
    quantised = options(
        files=(*FILES[:4], "--quant_dir", "infinitetalk_single_fp8.safetensors", "--quant", "fp8")
    )
    assert (quantised.quantize, quantised.quant_file) == ("fp8", True)


@pytest.mark.parametrize("option", ["--dit_path", "--quant_dir"])
def test_what_a_file_of_the_transformer_lacks_comes_from_the_audio_parts(option: str) -> None:
    quant = ("--quant", "fp8") if option == "--quant_dir" else ()
    read = options(option, "InfiniteTalk-4StepDistill.safetensors", *quant)
    assert read.weights == (
        Path("InfiniteTalk-4StepDistill.safetensors"),
        Path("single/infinitetalk.safetensors"),
    )
    assert offer(option, "InfiniteTalk-4StepDistill.safetensors", *quant).sampling == SamplingDefaults(
        4, 1, 1, None
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--task", "t2v-14B"), "runs infinitetalk-14B and nothing else"),
        (("--audio_mode", "tts"), "no text to speech"),
        (("--ring_size", "2"), "--ulysses-size alone"),
        (("--input_json", "examples.json"), "each request brings its own"),
        (("--save_file", "out"), "whoever sent the request"),
        (("--audio_save_dir", "save_audio"), "prepared in memory"),
        (("--frame_num", "80"), "4n.1"),
        (("--motion_frame", "8"), "4n.1"),
        (("--motion_frame", "81"), "leaves nothing"),
        (("--dit_fsdp",), "but that is 1"),
        (("--dit_fsdp", "--ulysses_size", "2", "--offload", "blocks"), "exclude each other"),
        (("--num_persistent_param_in_dit", "7000000"), "give 0"),
        (("--offload", "none", "--t5_cpu"), "contradicts --t5-cpu"),
        (("--lora_dir", "a", "b", "--lora_scale", "1"), "1 numbers for the 2 files"),
        (("--lora_scale", "1"), "1 numbers for the 0 files"),
        (("--dit_path", "a", "--quant_dir", "b"), "give one of them"),
        (("--quant_dir", "b"), "goes with --quant"),
        (("--quant_dir", "b", "--quant", "fp8", "--lora_dir", "a"), "cannot be fused"),
    ],
)
def test_refusals(words: tuple[str, ...], reason: str) -> None:
    with pytest.raises(UnusableOptions, match=reason):
        options(*words)


def test_values_that_are_true_anyway_are_taken() -> None:
    options("--task", "infinitetalk-14B", "--audio_mode", "localfile", "--ring_size", "1")


def test_weights_are_needed() -> None:
    with pytest.raises(UnusableOptions, match="--infinitetalk-dir is missing"):
        options(files=FILES[:4])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--infinitetalk_dir", "no/such/file"), "no/such/file"),
        (("--ckpt_dir", "no/such/folder"), "no/such/folder"),
        (("--wav2vec_dir", "no/such/folder"), "no/such/folder"),
        (("--lora_dir", "no/such/lora"), "no/such/lora"),
        (("--ulysses_size", "2"), "needs 2 processes, but 1 run"),
        (("--sample_steps", "200"), "the default .* steps is 200, but must be between 1 and 100"),
        (("--base_seed", str(2**60)), "the default .* seed"),
        (("--apg_norm_threshold", "0"), "the default .* apg_norm_threshold is 0"),
    ],
)
def test_what_is_not_there_is_told_before_anything_is_loaded(
    files: InfiniteTalkFiles, words: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UnusableOptions, match=reason):
        engine_of(options_of(files, *words))


@pytest.mark.parametrize(
    ("words", "processes", "environment", "reason"),
    [
        (("--offload", "blocks"), 1, {}, "--offload blocks moves their weights"),
        (("--dit_fsdp", "--ulysses_size", "2"), 2, {}, "--dit-fsdp moves their weights"),
        (("--ulysses_size", "2"), 2, {}, "needs PT_HPU_ENABLE_LAZY_COLLECTIVES=true"),
        (("--cfg_size", "2"), 2, {"PT_HPU_ENABLE_LAZY_COLLECTIVES": "false"}, "COLLECTIVES=true"),
        (("--ulysses_size", "2"), 2, {"PT_HPU_ENABLE_LAZY_COLLECTIVES": "true"}, ""),
        (("--offload", "encoders"), 1, {}, ""),
    ],
)
def test_recorded_blocks_on_gaudi(
    words: tuple[str, ...], processes: int, environment: dict[str, str], reason: str
) -> None:
    backend, ranks = CpuBackend(), Ranks(0, processes, 0)
    check_compiling(options(*words, "--compile"), backend, ranks, environment)
    backend.replays_modules = True
    check_compiling(options(*words), backend, ranks, environment)
    with pytest.raises(UnusableOptions, match=reason) if reason else nullcontext():
        check_compiling(options(*words, "--compile"), backend, ranks, environment)
