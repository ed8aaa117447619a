"""Options of the command line about devices, which all engines that compute on one have."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from polyreel_inference.devices.attention.selector import ATTENTION_NAMES
from polyreel_inference.devices.select import DEVICE_NAMES


def add_device_options(add: Callable[..., Any], *, usual_dtypes: str) -> None:
    """Add --device, --dtype and --attention by a group's `add_argument`.

    `usual_dtypes` tells which types the engine computes in on which devices when nothing is said.
    """
    add(
        "--device",
        choices=DEVICE_NAMES,
        default="auto",
        help="where to compute (default: the best there is)",
    )
    add(
        "--dtype",
        choices=("auto", "bfloat16", "float16", "float32"),
        default="auto",
        help=f"type of the computation (default: {usual_dtypes})",
    )
    add(
        "--attention",
        metavar="NAME",
        default="auto",
        help=f"attention kernel: {', '.join(ATTENTION_NAMES)} (default: the fastest installed)",
    )


def positive(text: str) -> int:
    """Read a whole number of at least 1; the type of an option."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f'"{text}" is not a whole number of at least 1')
    return int(text)
