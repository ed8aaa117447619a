"""Whole videos made by several ranks."""

from pathlib import Path

from polyreel_inference.parallel.ranks import Ranks
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.golden import signal_to_noise
from tests.infinitetalk.pipeline.making import still
from tests.infinitetalk.pipeline.rank_checks import Shared, make
from tests.parallel.rank_runner import run_ranks


def test_four_ranks_make_the_video_of_one(files: InfiniteTalkFiles, tmp_path: Path) -> None:
    still(tmp_path)
    path = next(tmp_path.iterdir())
    alone = make(Ranks(0, 1, 0), Shared(files, path, (1, 1)))
    together, *others = run_ranks(
        4, "tests.infinitetalk.pipeline.rank_checks:make", Shared(files, path, (2, 2))
    )
    assert alone is not None
    assert others == [None] * 3
    assert alone.shape == (12, 3, 32, 32)
    assert signal_to_noise(together, alone) > 90
