"""The command line: `serve ENGINE` and `bench ENGINE`, each with the options of the chosen engine."""

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from polyreel_inference.engines import BENCHMARKS, ENGINES, benchmark, engine_class

_PROGRAM = "python -m polyreel_inference"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; `command` is "serve" or "bench". Raises `LookupError` for an unknown engine.

    Only the engine that stands behind the command is imported, for its options. Option names may be written
    with underscores, as torchrun and many scripts around models do. Wrong options end the process with the
    usage of the command they belong to.
    """
    command, *words = [_hyphenated(word) for word in arguments] or [""]
    if command not in ("serve", "bench"):
        return _commands().parse_args([command] if command else [])
    engine = words.pop(0) if words and not words[0].startswith("-") else None
    parser = _serving(engine) if command == "serve" else _measuring(engine)
    if engine is None and not {"-h", "--help"} & set(words):
        parser.error(f"the engine comes first: {command} ENGINE, then its options")
    return parser.parse_args(words, argparse.Namespace(command=command, engine=engine))


def _commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Engines of Polyreel.",
        epilog=f"Options of an engine: {_PROGRAM} serve ENGINE --help, and bench ENGINE --help.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{serve,bench}")
    commands.add_parser("serve", help=f"run an engine as a gRPC server: {', '.join(sorted(ENGINES))}")
    commands.add_parser("bench", help=f"measure an engine on this machine: {', '.join(sorted(BENCHMARKS))}")
    return parser


def _serving(engine: str | None) -> argparse.ArgumentParser:
    parser = _of_command("serve", "Run an engine as a gRPC server.", engine, ENGINES)
    _add_host_options(parser)
    if engine is not None:
        engine_class(engine).add_options(parser)
    return parser


def _measuring(engine: str | None) -> argparse.ArgumentParser:
    parser = _of_command("bench", "Measure an engine on this machine.", engine, BENCHMARKS)
    if engine is not None:
        benchmark(engine).add_options(parser)
    return parser


def _of_command(
    command: str, description: str, engine: str | None, engines: Iterable[str]
) -> argparse.ArgumentParser:
    hint = f"ENGINE is one of {', '.join(sorted(engines))}; its own options: {command} ENGINE --help"
    return argparse.ArgumentParser(
        prog=f"{_PROGRAM} {command} {engine or 'ENGINE'}",
        # Forty options would bury the error that follows them; --help lists them with their meaning.
        usage="%(prog)s [options]; --help lists them",
        description=description,
        epilog=hint if engine is None else None,
    )


def _hyphenated(word: str) -> str:
    found = re.match(r"--[a-z][a-z0-9_-]*", word)
    return word if found is None else found[0].replace("_", "-") + word[found.end() :]


def _add_host_options(serving: argparse.ArgumentParser) -> None:
    add = serving.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=_port, metavar="N", default=0, help="port to listen on, 0 for any free one (default)")
    add("--socket", type=Path, metavar="FILE", help="listen on this Unix socket instead of a port")
    add("--port-file", type=Path, metavar="FILE", help="file that receives the bound port")
    add("--workspace-dir", type=Path, metavar="FOLDER", help="folder for the files of running jobs")
    add(
        "--drain-seconds",
        type=float,
        metavar="SECONDS",
        default=30.0,
        help="time for running jobs after SIGTERM (default: 30)",
    )
    add(
        "--max-input-mib",
        type=int,
        metavar="N",
        default=4096,
        help="inputs of one job together (default: 4096)",
    )
    add("--exit-with-parent", action="store_true", help="drain and end when the parent process ends")


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f'"{word}" is no port; give a number from 0 to 65535')
    return int(word)
