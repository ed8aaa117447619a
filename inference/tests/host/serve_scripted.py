"""Run as a process of its own: serves a scripted engine whose jobs wait for a file to appear, or break it."""

import asyncio
import sys
from pathlib import Path

from polyreel_inference.host import log
from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.errors import EngineBroken
from polyreel_inference.host.parent import exit_with_parent
from polyreel_inference.host.server import Settings, serve
from tests.host.scripted_engine import ScriptedEngine, echo


def main(folder: Path, drain_seconds: float, follow_parent: bool) -> None:
    """Serve until a signal; the folder takes the port file, the workspaces and the file that ends jobs."""

    def wait_for_file(job: Job, reporter: Reporter) -> str:
        reporter.progress("generating", 0.1)
        while not (folder / "go").exists():
            reporter.check_cancelled()
            if (folder / "break").exists():
                raise EngineBroken("A rank was lost.")
        return echo(job, reporter)

    if follow_parent:
        exit_with_parent()
    log.write_json_lines()
    settings = Settings(
        port_file=folder / "port", workspace_dir=folder / "workspaces", drain_seconds=drain_seconds
    )
    sys.exit(0 if asyncio.run(serve(ScriptedEngine(wait_for_file), settings)) else 3)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), "follow" in sys.argv)
