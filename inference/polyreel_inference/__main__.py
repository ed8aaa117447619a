"""`python -m polyreel_inference serve ENGINE`: serve an engine by gRPC; `bench ENGINE`: measure it."""

import asyncio
import os
import sys
from argparse import Namespace

from polyreel_inference.command_line import parse
from polyreel_inference.engines import benchmark, engine_class
from polyreel_inference.host import log
from polyreel_inference.host.description import check_description
from polyreel_inference.host.engine import Engine, UnusableOptions
from polyreel_inference.host.follower import follow
from polyreel_inference.host.parent import exit_with_parent
from polyreel_inference.host.server import AddressUnusable, Settings, serve
from polyreel_inference.host.service import Limits


def main() -> None:
    """Parse the command line and do what it says."""
    try:
        options = parse(sys.argv[1:])
        if options.command == "bench":
            benchmark(options.engine).run(options)
        else:
            _serve(options)
    except (AddressUnusable, LookupError, UnusableOptions) as error:
        sys.exit(str(error))


def _serve(options: Namespace) -> None:
    """Serve until a signal, or help the process that does."""
    if options.exit_with_parent:
        exit_with_parent()
    log.write_json_lines()
    engine = engine_of(options)
    if engine.follows:
        follow(engine)
        return
    ended = asyncio.run(serve(engine, _settings(options)))
    sys.stdout.flush()
    if not ended:
        # A thread of the engine hangs; the interpreter would wait for it forever.
        os._exit(1)


def engine_of(options: Namespace) -> Engine:
    """Make the engine that the command line asks for.

    Raises `UnusableOptions`, also for options that set a default no request could ask for.
    """
    engine = engine_class(options.engine).from_options(options)
    try:
        check_description(engine.describe())
    except ValueError as error:
        raise UnusableOptions(str(error)) from error
    return engine


def _settings(options: Namespace) -> Settings:
    return Settings(
        host=options.host,
        port=options.port,
        socket=options.socket,
        port_file=options.port_file,
        workspace_dir=options.workspace_dir,
        drain_seconds=options.drain_seconds,
        limits=Limits(max_input_bytes=options.max_input_mib * 1024**2),
    )


if __name__ == "__main__":
    main()
