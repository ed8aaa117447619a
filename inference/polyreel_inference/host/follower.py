"""The life of a process that only helps another one, which serves."""

import logging
import signal

from polyreel_inference.host import log
from polyreel_inference.host.engine import Engine


def follow(engine: Engine) -> None:
    """Load, take part in the jobs of the leading process until that ends, and close.

    Signals are left to the leader: launchers send them to all processes of a group at once, but a job that
    drains there still needs this one.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    engine.load()
    log.event(logging.INFO, "following", engine=engine.describe().engine)
    try:
        engine.follow()
    finally:
        engine.close()
    log.event(logging.INFO, "stopped", complete=True)
