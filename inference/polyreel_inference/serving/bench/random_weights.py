"""The option by which one agrees to a measurement of random weights: benchmarks know no others."""

from argparse import ArgumentParser, Namespace

from polyreel_inference.host.engine import UnusableOptions


def add_random_weights(parser: ArgumentParser) -> None:
    """Add --random-weights."""
    parser.add_argument(
        "--random-weights",
        action="store_true",
        help="make the model from random numbers on the device; speed does not depend on the weights' values",
    )


def check_random_weights(options: Namespace) -> None:
    """Raise `UnusableOptions` where it is left out."""
    if not options.random_weights:
        raise UnusableOptions("bench measures models of random weights; add --random-weights.")
