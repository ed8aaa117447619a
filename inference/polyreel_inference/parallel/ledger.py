"""What the leader of a team knows of the running job."""

import threading

from polyreel_inference.parallel.messages import Report


class Ledger:
    """How each rank fares with the running job.

    Written by the threads that listen to the followers, read by the one that works.

    Hold `changed` around every use, and around sending whatever follows from it, so that no message of one
    job goes out during the next.
    """

    def __init__(self, followers: set[int]) -> None:
        self.changed = threading.Condition()
        self.number = 0
        self.running = False
        """Whether a job is under way on any rank."""
        self.aborted_by: int | None = None
        """Rank whose failure ended the running job, None while it goes well."""
        self.lost: int | None = None
        """A rank that has ended or hangs; there is no way back from it."""
        self._followers = followers
        self._reports: dict[int, Report] = {}

    def begin(self) -> int:
        """Count a new job. Raises `RuntimeError` while another one runs."""
        if self.running:
            raise RuntimeError("A team does one job at a time.")
        self.number += 1
        self.running, self.aborted_by = True, None
        self._reports.clear()
        return self.number

    def add(self, rank: int, report: Report) -> None:
        """Take down how the running job ended on a follower."""
        self._reports[rank] = report
        self.changed.notify_all()

    @property
    def missing(self) -> set[int]:
        """Followers that have not ended their part yet."""
        return self._followers - self._reports.keys()

    def cause(self) -> tuple[int, Report] | None:
        """The follower that failed by itself, else one that an unknown failure cut off, else None."""
        for outcome in ("failed", "cut off"):
            for rank, report in sorted(self._reports.items()):
                if report.outcome == outcome:
                    return rank, report
        return None
