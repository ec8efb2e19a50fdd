"""What a runtime says when it cannot start a program, as docker's exit statuses put it."""

from __future__ import annotations

import re

from chub.errors import ChubError, NotFound, ProgramNotExecutable, ProgramNotFound, ProgramNotStarted

EXEC = "OCI runtime exec failed"


def refused(failure: ChubError, program: str, runtime: str = "runc") -> ChubError:
    """What a runtime says of a program that it cannot start, as docker's exit statuses put it (126, 127).

    runc names the program after ``exec``, crun after ``executable file``; another name there is not the program's.
    A `runtime` or shim that containerd cannot start itself is NotFound.
    """
    text = str(failure)
    if missing := _runtime_missing(text, runtime):
        return missing
    if not re.search(rf"exec(utable file)?:? [\"`]?{re.escape(_as_go(program))}[\"`]?[: ]", text):
        return _plainly(failure)
    if any(words in text for words in ("not found", "no such file or directory")):
        return ProgramNotFound(_why(text), hint=f"is {program!r} in the image, and in its PATH?")
    if any(words in text for words in ("permission denied", "is a directory", "not a directory")):
        return ProgramNotExecutable(_why(text), hint=f"{program!r} must be a file with execute permission")
    return _plainly(failure)


def refused_to_execute(failure: ChubError) -> ChubError:
    """What a runtime says of a program that it cannot execute in a container, by docker's words for 126, 127 and 128.

    The exit status follows the words, whatever they are said of: a working directory that is missing is 127 too.
    """
    text = str(failure)
    if EXEC not in text:
        return failure
    words = text[text.find(EXEC) :].removesuffix(": unknown")
    lower = words.lower()
    if any(each in lower for each in ("executable file not found", "no such file or directory", "not a directory")):
        return ProgramNotFound(words)
    if any(each in lower for each in ("permission denied", "is a directory")):
        return ProgramNotExecutable(words)
    return ProgramNotStarted(words)


def _runtime_missing(text: str, runtime: str) -> NotFound | None:
    """The error for a shim that containerd, or a runtime that the shim does not find; None if that is not it."""
    if shim := re.search(r'binary not installed "([^"]+)"', text):
        return NotFound(
            f"containerd has no runtime {runtime}: {shim[1]} is not in the engine's PATH",
            hint="install it where the engine looks for programs, or choose another --runtime",
        )
    if "unable to retrieve OCI runtime error" in text and re.search(r'exec: "|fork/exec ', text):
        return NotFound(
            f"the runtime {runtime} cannot be started: {text.rpartition('): ')[2]}",
            hint="install it where the engine looks for programs (apt-get install runc), or choose another --runtime",
        )
    return None


def _plainly(failure: ChubError) -> ChubError:
    """The same, in the runtime's own words where they are in it."""
    text = str(failure)
    if "unable to start container process" not in text:
        return failure
    return type(failure)(_why(text), hint="the runtime refused what the options, or the image, ask for")


def _as_go(word: str) -> str:
    """A word as Go quotes it in an error."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}

    def quoted(each: str) -> str:
        return escapes.get(each) or (each if each.isprintable() or not each.isascii() else f"\\x{ord(each):02x}")

    return "".join(map(quoted, word))


def _why(text: str) -> str:
    """The runtime's own words, without those of everybody who handed them on."""
    start = text.find("unable to start container process")
    return text[max(start, 0) :]
