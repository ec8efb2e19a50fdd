"""Started by the first client that needs a keeper: ``python -IS …/chub/keeper/__main__.py PLACE``.

Descriptor 3 is the socket that listens already, 4 the lock that says a keeper is alive: nobody has to wait for either.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import socket

from chub.keeper.guard import Guard, Held, Succession
from chub.keeper.loop import Keeper
from chub.output.protocol import LISTENING, LOCK


def leave_cgroup() -> None:
    """Go to the root of every cgroup hierarchy: a CI job's or a unit's cgroup is killed with its job."""
    with open("/proc/self/cgroup") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            name = controllers.removeprefix("name=")
            for root in (f"/sys/fs/cgroup/{name or 'unified'}", "/sys/fs/cgroup"):
                if path != "/" and os.path.exists(f"{root}/cgroup.procs"):
                    try:
                        with open(f"{root}/cgroup.procs", "w") as procs:
                            procs.write("0")
                    except OSError:
                        pass  # not root: it stays with its caller
                    break


def main() -> None:
    """Hold output until nobody needs it."""
    leave_cgroup()
    os.chdir("/")  # the directory of its caller may be unmounted
    place = sys.argv[1]
    os.set_inheritable(LISTENING, False)
    os.set_inheritable(LOCK, False)
    listening = socket.socket(fileno=LISTENING)

    held: Held = {}
    while True:
        guard = Guard((LISTENING, LOCK))
        try:
            keeper = Keeper(place, listening, guard, held)
            keeper.recover()
            keeper.run()
        except Succession as succession:  # this is a guard's process, and its worker has died
            held = succession.held
        except Exception:  # a defect: the guard would meet it too, and its guard, and so on for ever
            guard.dismiss()
            raise
        else:
            return


if __name__ == "__main__":
    main()
