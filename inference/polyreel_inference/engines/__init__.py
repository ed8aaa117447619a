"""The engines by name. An engine's libraries are imported only when it is chosen."""

from importlib import import_module

from polyreel_inference.host.engine import Engine

ENGINES: dict[str, str] = {
    "preview": "polyreel_inference.engines.preview.engine:PreviewEngine",
}
"""Engine name to "module:Class"."""


def engine_class(name: str) -> type[Engine]:
    """Import the class of the engine `name`. Raises `LookupError` that lists the known names."""
    if name not in ENGINES:
        raise LookupError(f'There is no engine "{name}". Known engines: {", ".join(sorted(ENGINES))}.')
    module, _, attribute = ENGINES[name].partition(":")
    found: type[Engine] = getattr(import_module(module), attribute)
    return found
