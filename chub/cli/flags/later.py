"""docker's flags that chub does not have yet: answered by name, never ignored."""

RUN = frozenset(
    [
        "--blkio-weight-device",
        "--cpu-count",
        "--cpu-percent",
        "--cpu-rt-period",
        "--cpu-rt-runtime",
        "--device-read-bps",
        "--device-read-iops",
        "--device-write-bps",
        "--device-write-iops",
        "--gpus",
        "--health-cmd",
        "--health-interval",
        "--health-retries",
        "--health-start-interval",
        "--health-start-period",
        "--health-timeout",
        "--io-maxbandwidth",
        "--io-maxiops",
        "--ip",
        "--ip6",
        "--link",
        "--link-local-ip",
        "--mac-address",
        "--net-alias",
        "--network-alias",
        "--publish",
        "-p",
        "--publish-all",
        "-P",
        "--storage-opt",
        "--use-api-socket",
        "--volume-driver",
        "--volumes-from",
    ]
)

COMMANDS = frozenset(
    "build builder buildx checkpoint commit compose context cp df diff export load login logout"
    " manifest network prune pull push save search trust volume".split()
)
"""Of docker's commands those that a single host has a use for; what chub has by now is found before this is asked."""
GROUPS = frozenset(["chub", "chub container", "chub image", "chub system"])  # where docker has such commands

FLAGS = {
    "create": RUN,
    "rm": frozenset(["--link", "-l"]),
    "run": RUN,
    "start": frozenset(["--checkpoint", "--checkpoint-dir"]),
    "update": frozenset(["--cpu-rt-period", "--cpu-rt-runtime", "--restart"]),
}
"""By command."""
