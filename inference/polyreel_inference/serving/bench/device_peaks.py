"""What accelerators could do at most: dense bfloat16 matrix products as their makers publish them."""

# Parts of device names, the more special first: a PCIe card is slower than its SXM sister.
_PEAK_TFLOPS: tuple[tuple[str, float], ...] = (
    ("H100 PCIe", 756),
    ("H100 NVL", 835),
    ("H100", 989),
    ("H200 NVL", 835),
    ("H200", 989),
    ("H800", 989),
    ("H20", 148),
    ("A100", 312),
    ("A800", 312),
    ("L40S", 362),
    ("RTX 4090", 165),
    ("RTX 5090", 209.5),
    ("Gaudi2", 432),
    ("Gaudi3", 1835),
)


def peak_tflops(description: str) -> float | None:
    """Return the device's peak in TFLOP/s by its description, None for devices that are not in the table."""
    spaced = description.replace("-", " ")
    return next((peak for name, peak in _PEAK_TFLOPS if name in spaced), None)
