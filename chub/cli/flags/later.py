"""docker's flags and commands that chub does not have yet: answered by name, never ignored."""

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

COMMANDS = {
    "chub": frozenset(
        "build builder buildx checkpoint commit compose context cp diff export load login logout"
        " manifest network pull push save search trust volume".split()
    ),
    "chub container": frozenset("commit cp diff export".split()),
    "chub image": frozenset("build load prune pull push save".split()),
    "chub system": frozenset(["prune"]),
}
"""By group; of docker's commands those that a single host has a use for."""

FLAGS = {
    "create": RUN,
    "rm": frozenset(["--link", "-l"]),
    "run": RUN,
    "start": frozenset(["--checkpoint", "--checkpoint-dir"]),
    "update": frozenset(["--cpu-rt-period", "--cpu-rt-runtime", "--restart"]),
}
"""By command."""
