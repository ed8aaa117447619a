"""habana_frameworks.torch.core."""

from tests.devices.fake_habana.recording import record


def mark_step() -> None:
    """End the lazy graph."""
    record("mark_step")
