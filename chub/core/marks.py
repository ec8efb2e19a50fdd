"""What chub writes on containerd's records."""

NAME_LABEL = "nerdctl/name"  # a container's name; nerdctl reads it there too
VERSION_LABEL = "chub/version"
VERSION = "1"  # of what chub writes into a record
STOP_SIGNAL_LABEL = "io.containerd.image.config.stop-signal"  # ctr and nerdctl write and read it there too
MARKS = frozenset({NAME_LABEL, VERSION_LABEL, STOP_SIGNAL_LABEL})  # labels that are not the user's
CLIENT_LABEL = "chub/client"  # of a lease: the process that made it
REQUEST = "chub/request"  # the extension that holds what the user asked for, as JSON
PROCESS_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Process"
SPEC_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Spec"
SPEC_FILE = "config.json"  # in the directory of a container's files: the spec it was made with
