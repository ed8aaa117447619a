"""How much arithmetic a chunk of the published model is, and the time it takes: computed, not measured."""

from dataclasses import replace

from polyreel_inference.diffusion.flops import video_tokens
from polyreel_inference.engines.infinitetalk.bench.setting import BASE, SQUARES, Setting
from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import (
    PUBLISHED_CHUNK_FRAMES,
    PUBLISHED_MOTION_FRAMES,
)
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes
from polyreel_inference.serving.bench.report import table_row

# What good kernels reach of the published peak of an H100 or H200 (SXM), and that peak in TFLOP/s.
_SHARE, _PEAK = 0.55, 989.0
_SIZES = ((SQUARES["480p"],) * 2, (448, 832), (SQUARES["720p"],) * 2)


def arithmetic_table() -> str:
    """Return a table in Markdown: three sizes, one and two speakers, three kinds of sampling."""
    head = (
        "| size | speakers | tokens | PFLOP a forward | forwards a step | steps | PFLOP a chunk | s/step at"
        f" {_SHARE:.0%} of {_PEAK:.0f} TFLOP/s | s a second of video |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    settings = [
        Setting(BASE, AudioSizes(), width, height, PUBLISHED_CHUNK_FRAMES, PUBLISHED_MOTION_FRAMES, people, 3)
        for width, height in _SIZES
        for people in (1, 2)
    ]
    rows = [_row(replace(setting, forwards=forwards)) for setting in settings for forwards in (3, 2, 1)]
    return "\n".join([head, *rows])


def _row(setting: Setting) -> str:
    flops = setting.flops
    step = flops.step(setting.sampling(1).branches)
    seconds = step / (_SHARE * _PEAK * 1e12)
    return table_row(
        f"{setting.width}x{setting.height}",
        str(setting.people),
        f"{video_tokens(flops.shape, setting.width, setting.height, setting.frames):,}",
        f"{flops.forward(setting.people) / 1e15:.3f}",
        str(setting.forwards),
        str(setting.steps),
        f"{setting.steps * step / 1e15:.1f}",
        f"{seconds:.2f}",
        f"{setting.steps * seconds / setting.new_seconds:.1f}",
    )
