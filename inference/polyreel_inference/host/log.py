"""One line of JSON per event on standard output."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

logger = logging.getLogger("polyreel")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "level": record.levelname.lower(),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "msg": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def event(level: int, message: str, error: BaseException | None = None, /, **fields: Any) -> None:
    """Log an event, its facts as fields of the line; `error` adds the traceback, which stays in the log."""
    trace = None if error is None else (type(error), error, error.__traceback__)
    logger.log(level, message, exc_info=trace, extra={"fields": fields})


def write_json_lines() -> None:
    """Send everything Python logs to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
