"""A team whose first job is cancelled, whatever its jobs are."""

from typing import Any

from polyreel_inference.parallel.team import Team


class Cancelled(Exception):
    """What the leader's check raises."""


def lead_and_cancel(team: Team, first: Any, step: int, second: Any) -> dict[str, Any] | None:
    """Cancel the job `first` at the gate of its step `step` (from 0), and finish `second`.

    All ranks call it; the leader tells how it went. The team is closed afterwards.
    """
    if not team.mesh.ranks.is_leader:
        team.follow()
        team.close()
        return None
    passed: list[int] = []

    def check(done: int) -> None:
        passed.append(done)
        if done == step:
            raise Cancelled

    cancelled = False
    try:
        team.run(first, check)
    except Cancelled:
        cancelled = True
    made = team.run(second, lambda _: None)
    team.close()
    return {"cancelled": cancelled, "passed": passed, "made": made}
