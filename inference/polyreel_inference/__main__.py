"""`python -m polyreel_inference serve ENGINE`: run one engine as a gRPC server."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from polyreel_inference.engines import ENGINES, engine_class
from polyreel_inference.host import log
from polyreel_inference.host.parent import exit_with_parent
from polyreel_inference.host.server import AddressUnusable, Settings, serve
from polyreel_inference.host.service import Limits


def main() -> None:
    """Parse the command line and serve until a signal."""
    options = _parser().parse_args()
    if options.exit_with_parent:
        exit_with_parent()
    log.write_json_lines()
    try:
        engine = engine_class(options.engine)()
    except LookupError as error:
        sys.exit(str(error))
    settings = Settings(
        host=options.host,
        port=options.port,
        socket=options.socket,
        port_file=options.port_file,
        workspace_dir=options.workspace_dir,
        drain_seconds=options.drain_seconds,
        limits=Limits(max_input_bytes=options.max_input_mib * 1024**2),
    )
    try:
        ended = asyncio.run(serve(engine, settings))
    except AddressUnusable as error:
        sys.exit(str(error))
    sys.stdout.flush()
    if not ended:
        # An engine thread hangs; the interpreter would wait for it forever.
        os._exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="polyreel_inference", description="Engines of Polyreel.")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="run an engine as a gRPC server")
    serving.add_argument("engine", help=f"one of: {', '.join(sorted(ENGINES))}")
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serving.add_argument(
        "--port", type=int, default=0, help="port to listen on, 0 for any free one (default)"
    )
    serving.add_argument("--socket", type=Path, help="listen on this Unix socket instead of a port")
    serving.add_argument("--port-file", type=Path, help="file that receives the bound port")
    serving.add_argument("--workspace-dir", type=Path, help="folder for the files of running jobs")
    serving.add_argument(
        "--drain-seconds", type=float, default=30.0, help="time for running jobs after SIGTERM (default: 30)"
    )
    serving.add_argument(
        "--max-input-mib", type=int, default=4096, help="inputs of one job together (default: 4096)"
    )
    serving.add_argument(
        "--exit-with-parent", action="store_true", help="drain and end when the parent process ends"
    )
    return parser


if __name__ == "__main__":
    main()
