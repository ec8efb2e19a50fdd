"""docker's flags and commands that chub does not have yet: answered by name, never ignored."""

RUN = frozenset(
    [
        "--add-host",
        "--blkio-weight-device",
        "--cpu-count",
        "--cpu-percent",
        "--cpu-rt-period",
        "--cpu-rt-runtime",
        "--device-read-bps",
        "--device-read-iops",
        "--device-write-bps",
        "--device-write-iops",
        "--disable-content-trust",
        "--dns",
        "--dns-option",
        "--dns-opt",
        "--dns-search",
        "--domainname",
        "--expose",
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
        "--isolation",
        "--link",
        "--link-local-ip",
        "--mac-address",
        "--net-alias",
        "--network-alias",
        "--no-healthcheck",
        "--platform",
        "--publish",
        "-p",
        "--publish-all",
        "-P",
        "--restart",
        "--storage-opt",
        "--use-api-socket",
        "--userns",
        "--volume-driver",
        "--volumes-from",
    ]
)

COMMANDS = {
    "chub": frozenset(
        "build builder buildx checkpoint commit compose context cp diff export import load login logout"
        " manifest network pull push save search trust volume".split()
    ),
    "chub container": frozenset("commit cp diff export".split()),
    "chub image": frozenset("build import load prune pull push save".split()),
    "chub system": frozenset("df prune".split()),
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
