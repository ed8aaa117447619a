"""Options of the command line, and the life of a process that follows."""

import signal
from pathlib import Path

import pytest

from polyreel_inference import engines
from polyreel_inference.command_line import parse
from polyreel_inference.host.follower import follow
from tests.host.scripted_engine import ScriptedEngine


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow one would break the lines of the usage."""
    monkeypatch.setenv("COLUMNS", "100")


def test_options_may_be_written_with_underscores() -> None:
    options = parse(["serve", "preview", "--port_file", "a_b", "--drain_seconds=1.5", "--exit_with_parent"])
    assert (options.port_file, options.drain_seconds, options.exit_with_parent) == (Path("a_b"), 1.5, True)


@pytest.mark.parametrize("words", [["serve", "no-such"], ["bench", "no-such"]])
def test_an_unknown_engine_is_refused_with_those_there_are(words: list[str]) -> None:
    with pytest.raises(LookupError, match="wan"):
        parse(words)


@pytest.mark.parametrize(
    ("words", "usage", "message"),
    [
        ([], "python -m polyreel_inference [-h]", "required: {serve,bench}"),
        (["server"], "python -m polyreel_inference [-h]", "choose from"),
        (["serve"], "python -m polyreel_inference serve ENGINE", "the engine comes first: serve ENGINE"),
        (["serve", "--port", "1", "preview"], "serve ENGINE", "the engine comes first"),
        (["bench", "--steps", "1"], "python -m polyreel_inference bench ENGINE", "the engine comes first"),
        (["serve", "preview", "--prot", "1"], "serve preview [options]", "unrecognized arguments: --prot 1"),
        (["serve", "preview", "--port", "x"], "serve preview [options]", '"x" is no port; give'),
        (["serve", "preview", "--port", "70000"], "serve preview [options]", "from 0 to 65535"),
    ],
)
def test_wrong_words_are_answered_with_the_usage_they_belong_to(
    words: list[str], usage: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert len(said.splitlines()) <= 2
    assert usage in said
    assert message in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--help"], ["serve ENGINE --help", "latentsync"]),
        (["serve", "--help"], ["preview", "serve ENGINE --help", "--port"]),
        (["bench", "-h"], ["infinitetalk, latentsync, wan", "bench ENGINE --help"]),
        (["serve", "preview", "--help"], ["serve preview [options]", "--drain-seconds"]),
    ],
)
def test_help_says_how_to_go_on(
    words: list[str], told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words)
    said = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for text in told:
        assert text in said


@pytest.mark.parametrize("command", ["serve", "bench"])
def test_a_library_that_is_not_installed_is_named(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(module: str) -> None:
        raise ModuleNotFoundError(f"No module named 'torch', imported by {module}", name="torch")

    monkeypatch.setattr(engines, "import_module", import_module)
    with pytest.raises(LookupError, match='"wan" needs torch, which is not installed'):
        parse([command, "wan"])


class _Follower(ScriptedEngine):
    """Gets the signal a launcher sends to all processes of a group while it follows."""

    followed = False

    @property
    def follows(self) -> bool:
        return True

    def follow(self) -> None:
        signal.raise_signal(signal.SIGTERM)
        self.followed = True


def test_a_follower_outlives_the_signal_its_leader_drains_on() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    engine = _Follower()
    try:
        follow(engine)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert (engine.followed, engine.closed) == (True, True)
