"""Compiling on a stand-in for Gaudi: what cannot be is refused before anything is loaded."""

import pytest

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving.compiling import check_compiling
from tests.devices.gaudi_modes import gaudi

ONE, TWO = Ranks(0, 1, 0), Ranks(0, 2, 0)
WITH_COLLECTIVES = {"PT_HPU_ENABLE_LAZY_COLLECTIVES": "true"}


def test_recorded_blocks_cannot_move() -> None:
    with gaudi(lazy=True) as backend, pytest.raises(UnusableOptions, match="--offload blocks moves their"):
        check_compiling(backend, ONE, WITH_COLLECTIVES, moved_by="--offload blocks")


def test_recordings_with_exchanges_need_the_vendors_switch() -> None:
    with gaudi(lazy=True) as backend:
        with pytest.raises(UnusableOptions, match="PT_HPU_ENABLE_LAZY_COLLECTIVES=true"):
            check_compiling(backend, TWO, {}, moved_by="")
        check_compiling(backend, TWO, WITH_COLLECTIVES, moved_by="")
        check_compiling(backend, ONE, {}, moved_by="")


def test_devices_that_record_nothing_take_all_of_it() -> None:
    with gaudi(lazy=False) as backend:
        check_compiling(backend, TWO, {}, moved_by="--offload blocks")
    check_compiling(CpuBackend(), TWO, {}, moved_by="--offload blocks")
