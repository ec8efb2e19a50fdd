"""What `system doctor` found and did."""

from collections.abc import Sequence
from datetime import UTC, datetime

from chub.cli.render.text import duration, plain, size
from chub.doctor.findings import Finding, Mended

KIND = 11  # columns of a kind, with the space behind it


def show(found: Sequence[Finding], *, everywhere: bool) -> None:
    """Each finding in a few lines; or the one line of a healthy host."""
    if not found:
        print("healthy: nothing is left over, nothing is broken")
    for finding in found:
        about = [f"of {finding.owner}" if finding.owner else "of another client"]
        if finding.since is not None:
            about.append(f"{duration(datetime.now(UTC) - finding.since)} old".lower())
        if finding.size is not None:
            about.append(size(finding.size))
        print(_named(finding, everywhere))
        _line(f"{finding.problem} ({', '.join(about)})")
        for evidence in finding.evidence:
            _line(f"{evidence.source}: {evidence.said}")
        if finding.command:
            _line(f"mend with: {finding.command}")


def warning(count: int) -> str:
    """What the user is asked before it is done."""
    return f"This will remove {count} finding{'' if count == 1 else 's'} of chub's own."


def show_mended(done: Mended, *, everywhere: bool) -> None:
    """What was mended, what could not be, and what is left."""
    for finding in done.mended:
        print(f"mended: {_named(finding, everywhere)}")
    for finding, why in done.failed:
        print(f"not mended: {_named(finding, everywhere)}: {plain(why)}")
    print(f"{len(done.left)} left" if done.left else "healthy: nothing is left over, nothing is broken")


def show_json(found: Sequence[Finding], done: Mended) -> None:
    """All findings, the mended among them marked."""
    import json

    mended = {finding.key for finding in done.mended}
    failed = {finding.key: why for finding, why in done.failed}
    known = {finding.key for finding in found}
    seen = [*found, *(finding for finding in done.left if finding.key not in known)]
    rows = [{**each.as_json(), "mended": each.key in mended, "error": failed.get(each.key, "")} for each in seen]
    print(json.dumps(rows, indent=2))


def _named(finding: Finding, everywhere: bool) -> str:
    place = f"{finding.namespace}  " if everywhere else ""
    return plain(f"{finding.kind:{KIND}}{place}{finding.subject}")


def _line(text: str) -> None:
    print(" " * KIND + plain(text))
