"""docker's flags that chub does not have yet: answered by name, never ignored."""

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

COMMANDS = frozenset(
    "build builder buildx checkpoint commit compose context cp diff export import info load login logout"
    " manifest network plugin port pull push save search trust update version volume".split()
)
"""Of docker's commands those that a single host has a use for; what chub has by now is found before this is asked."""

FLAGS = {
    "create": RUN,
    "rm": frozenset(["--link", "-l"]),
    "run": RUN,
    "start": frozenset(["--checkpoint", "--checkpoint-dir"]),
    "update": frozenset(["--cpu-rt-period", "--cpu-rt-runtime", "--restart"]),
}
"""By command."""
