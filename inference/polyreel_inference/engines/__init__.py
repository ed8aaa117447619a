"""The engines by name. An engine's modules, and with them its libraries, are imported only when it is chosen."""

from importlib import import_module

ENGINES: dict[str, str] = {
    "preview": "polyreel_inference.engines.preview.engine:PreviewEngine",
}
"""Engine name to "module:Class"."""


def engine_class(name: str) -> type:
    """Import the class of the engine `name`. Raises `LookupError` that lists the known names."""
    if name not in ENGINES:
        raise LookupError(f'There is no engine "{name}". Known engines: {", ".join(sorted(ENGINES))}.')
    module, _, attribute = ENGINES[name].partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, type)
    return found
