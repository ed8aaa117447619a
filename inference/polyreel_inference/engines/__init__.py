"""The engines by name. An engine's libraries are imported only when it is chosen."""

from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import Any, Protocol, cast

from polyreel_inference.host.engine import Engine

ENGINES: dict[str, str] = {
    "infinitetalk": "polyreel_inference.engines.infinitetalk.engine:InfiniteTalkEngine",
    "latentsync": "polyreel_inference.engines.latentsync.engine:LatentSyncEngine",
    "preview": "polyreel_inference.engines.preview.engine:PreviewEngine",
    "wan": "polyreel_inference.engines.wan.engine:WanEngine",
}
"""Engine name to "module:Class"."""

BENCHMARKS: dict[str, str] = {
    "infinitetalk": "polyreel_inference.engines.infinitetalk.bench:InfiniteTalkBenchmark",
    "latentsync": "polyreel_inference.engines.latentsync.bench:LatentSyncBenchmark",
    "wan": "polyreel_inference.engines.wan.bench:WanBenchmark",
}
"""Engine name to "module:Class" of the engines that can measure themselves."""


class Benchmark(Protocol):
    """What `bench` runs: an engine measured without platform and without requests."""

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the options of the command line."""

    def run(self, options: Namespace) -> None:
        """Measure and print. Raises `UnusableOptions` for what cannot be measured here."""


def engine_class(name: str) -> type[Engine]:
    """Import the class of the engine `name`.

    Raises `LookupError` that lists the known names, or says which library is missing.
    """
    return cast(type[Engine], _found(ENGINES, "engine", name))


def benchmark(name: str) -> Benchmark:
    """Import the benchmark of the engine `name`. Raises `LookupError` as `engine_class` does."""
    return cast(Benchmark, _found(BENCHMARKS, "benchmark", name)())


def _found(table: dict[str, str], what: str, name: str) -> Any:
    if name not in table:
        raise LookupError(f'There is no {what} "{name}". Known {what}s: {", ".join(sorted(table))}.')
    module, _, attribute = table[name].partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("polyreel_inference", "polyreel"):
            raise
        raise LookupError(
            f'The {what} "{name}" needs {error.name}, which is not installed in this environment: '
            "docs/engines tells what to install for it."
        ) from error
