"""`chub run -it` at a real (pseudo-)terminal."""

from __future__ import annotations

import signal
import termios

from tests.support.command import Command
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until


def test_a_shell_at_a_terminal(chub: Command, image: str) -> None:
    """It has a terminal of the right size, keys arrive, and its exit status is the run's."""
    with Terminal(chub, "run", "--rm", "-it", image, "sh", columns=97, rows=31) as terminal:
        terminal.until("# ")
        terminal.type("stty size; tty\r")
        terminal.until("31 97\r\n")
        terminal.until("/dev/pts/0\r\n")
        terminal.type("exit 7\r")

        assert terminal.wait() == 7
        assert terminal.before == terminal.modes


def test_the_terminal_is_raw_meanwhile(chub: Command, image: str) -> None:
    """Every key is the program's: no echo, no line editing, no signals of our own."""
    with Terminal(chub, "run", "--rm", "-it", image, "sh", "-c", "echo ready; read x") as terminal:
        terminal.until("ready")
        modes = terminal.modes[3]
        assert isinstance(modes, int)
        assert not modes & (termios.ECHO | termios.ICANON | termios.ISIG)
        terminal.type("x\r")

        assert terminal.wait() == 0
        assert terminal.before == terminal.modes


def test_control_c_is_the_programs(chub: Command, image: str) -> None:
    """^C is a key for the terminal inside, whose program decides; the run goes on until that ends."""
    script = "trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.1; done"
    with Terminal(chub, "run", "--rm", "-it", image, "sh", "-c", script) as terminal:
        terminal.until("ready")
        terminal.type("\x03")
        terminal.until("interrupted")

        assert terminal.wait() == 3
        assert terminal.before == terminal.modes


def test_the_window_changes_its_size(chub: Command, image: str) -> None:
    """The program's terminal follows, and the program hears of it."""
    script = "trap 'stty size' WINCH; echo ready; while :; do sleep 0.1; done"
    with Terminal(chub, "run", "--rm", "-it", image, "sh", "-c", script) as terminal:
        terminal.until("ready")
        terminal.resize(111, 42)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.until("42 111")
        terminal.process.send_signal(signal.SIGKILL)
        terminal.wait()
    # the client was killed: its container is still there, whole, and can be removed
    name = chub.ok("ps", "--format", "{{.Names}}").strip()
    chub.ok("rm", "-f", name)


def test_the_terminal_is_restored_after_a_failure(chub: Command, image: str) -> None:
    """A program that cannot start leaves no raw terminal behind."""
    with Terminal(chub, "run", "--rm", "-it", image, "nosuch") as terminal:
        assert terminal.wait() == 127
        assert terminal.before == terminal.modes


def test_the_terminal_is_restored_after_sigterm(chub: Command, image: str) -> None:
    """The signal goes to the program; when that ends, the terminal is as it was."""
    script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done"
    with Terminal(chub, "run", "--rm", "-it", image, "sh", "-c", script) as terminal:
        terminal.until("ready")
        terminal.process.send_signal(signal.SIGTERM)

        assert terminal.wait() == 9
        assert terminal.before == terminal.modes


def test_a_terminal_merges_the_streams(chub: Command, image: str) -> None:
    """With -t alone: one stream with carriage returns, on stdout."""
    ended = chub("run", "--rm", "-t", image, "sh", "-c", "echo out; echo err >&2")

    assert (ended.exit_status, ended.stdout, ended.stderr) == (0, "out\r\nerr\r\n", "")


def test_a_terminal_needs_a_terminal(chub: Command, image: str) -> None:
    """-it with a pipe as standard input is refused in docker's words."""
    ended = chub("run", "--rm", "-it", image, "sh", input="exit\n")

    assert ended.exit_status == 1
    assert "the input device is not a TTY" in ended.stderr


def test_end_of_input_is_a_key(chub: Command, image: str) -> None:
    """^D ends a program that reads its terminal."""
    with Terminal(chub, "run", "--rm", "-it", image, "cat") as terminal:
        wait_until(lambda: not terminal.modes[3] & termios.ICANON, 20, "the raw terminal")  # type: ignore[operator]
        terminal.type("line\r")
        terminal.until("line\r\nline\r\n")
        terminal.type("\x04")

        assert terminal.wait() == 0
