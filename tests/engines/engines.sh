#!/usr/bin/env bash
# Real engines for tests and benchmarks, side by side on one host, each private (own root, state, socket): containerd
# 1.6, 1.7 and 2.1 and docker 28 from Debian's packages, and the containerd that the host itself has installed. Needs
# root. It installs on the host what `install` says; otherwise it writes only to ENGINES_DIR, to the directory that
# `start` is given, and to apt's own.
#
#   engines.sh install [all|containerd|docker|tools]   download and unpack (about 250 MB in all; idempotent)
#   engines.sh list                                    the engines that can be started here, one a line
#   engines.sh path ENGINE                             the engine's directory; its programs are in <it>/bin
#   engines.sh start 1.6|1.7|2.1|host DIR              a private containerd; prints its socket when it serves
#   engines.sh start docker DIR [overlay2|containerd]  a private dockerd with its own containerd 2.1; prints DOCKER_HOST
#   engines.sh stop DIR                                stop what runs in DIR, with its shims and mounts; DIR stays
#                                                      ENGINE_PATH: where its containerd looks for programs
#   engines.sh env ENGINE DIR                          lines to eval: PATH, CONTAINERD_ADDRESS
#   engines.sh protos 1.6|1.7|2.1                      directory that holds the API's .proto files of that version
#   engines.sh rootfs busybox|debian DIR               a root filesystem to run: busybox (1 MB) or Debian minbase (160 MB)
#
# The versions come from the suites bookworm, trixie and sid of the Debian mirror in the host's apt sources, or of
# DEBIAN_MIRROR. A host that knows no Debian mirror (Ubuntu) has the engine `host` alone.
set -euo pipefail

ENGINES_DIR=${ENGINES_DIR:-/var/cache/chub-engines}
VERSIONS=(1.6 1.7 2.1)
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

die() { echo "engines.sh: $*" >&2; exit 1; }

suite_of() {
  case $1 in
    1.6) echo bookworm ;;
    1.7) echo trixie ;;
    2.1 | docker) echo sid ;;
    *) die "unknown engine $1: there are ${VERSIONS[*]} host docker" ;;
  esac
}

mirror() { # the Debian mirror of the host's apt sources, old form and new; nothing where there is none
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    echo "$DEBIAN_MIRROR"
    return
  fi
  {
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '/^URIs:/ { for (i = 2; i <= NF; i++) print $i }'
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      awk '/^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; break } }'
  } | grep '/debian/\?$' | head -n 1 || true
}

can_download() { [ -n "$(mirror)" ] && [ -e "$KEYRING" ]; }

apt_install() { # PACKAGE…: install on the host what is missing
  local missing=() package
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  export DEBIAN_FRONTEND=noninteractive
  local quiet=(-qq -o Dpkg::Use-Pty=0)
  apt-get "${quiet[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
    { apt-get "${quiet[@]}" update && apt-get "${quiet[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null; }
}

fetch() { # SUITE OUT PACKAGE…: download and unpack into OUT with a private apt state; apt checks the signatures
  local suite=$1 out=$2 apt=$ENGINES_DIR/apt/$1
  shift 2
  mkdir -p "$apt"/{lists/partial,debs} "$out"
  local private=(-qq -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=-
    -o Dir::State::lists="$apt/lists" -o Acquire::Languages=none)
  if ! find "$apt/lists" -name '*Packages*' -mmin -720 | grep -q .; then
    echo "deb [signed-by=$KEYRING] $(mirror) $suite main" > "$apt/sources.list"
    apt-get "${private[@]}" update
  fi
  (cd "$apt/debs" && rm -f ./*.deb && apt-get "${private[@]}" download "$@")
  local deb
  for deb in "$apt"/debs/*.deb; do
    dpkg-deb -x "$deb" "$out"
    rm -f "$deb"
  done
}

install_containerd() {
  apt_install runc
  can_download || { echo "engines.sh: no Debian mirror in apt's sources: the host's own containerd is all there is" >&2; return 0; }
  local v
  for v in "${VERSIONS[@]}"; do
    [ -e "$ENGINES_DIR/$v/ok" ] && continue
    rm -rf "${ENGINES_DIR:?}/$v"
    local packages=(containerd golang-github-containerd-containerd-dev)
    [ "$v" = 2.1 ] && packages+=(golang-github-containerd-containerd-api-dev)
    fetch "$(suite_of "$v")" "$ENGINES_DIR/$v/x" "${packages[@]}"
    mkdir -p "$ENGINES_DIR/$v"/{bin,protos}
    mv "$ENGINES_DIR/$v"/x/usr/bin/* "$ENGINES_DIR/$v/bin/"
    (cd "$ENGINES_DIR/$v/x/usr/share/gocode/src" && find . -name '*.proto' -exec cp --parents {} "$ENGINES_DIR/$v/protos/" \;)
    rm -rf "$ENGINES_DIR/$v/x"
    "$ENGINES_DIR/$v/bin/containerd" --version | grep -q " ${v/./\\.}\." ||
      echo "engines.sh: $(suite_of "$v") has $("$ENGINES_DIR/$v/bin/containerd" --version), which stands for $v from now on" >&2
    touch "$ENGINES_DIR/$v/ok"
  done
}

install_docker() {
  [ -e "$ENGINES_DIR/docker/ok" ] && return
  can_download || die "no Debian mirror in apt's sources to take docker from"
  apt_install iptables
  local docker=$ENGINES_DIR/docker program
  rm -rf "$docker"
  fetch "$(suite_of docker)" "$docker/x" docker.io docker-cli tini-static
  mkdir -p "$docker/bin"
  find "$docker/x/usr" -type f -perm -1 \( -path '*/bin/*' -o -path '*/sbin/*' -o -path '*/libexec/docker/*' \) \
    ! -path '*/cli-plugins/*' -exec mv -t "$docker/bin" {} +
  rm -rf "$docker/x"
  ln -sf tini-static "$docker/bin/docker-init"
  for program in containerd containerd-shim-runc-v2 ctr; do ln -sf "../../2.1/bin/$program" "$docker/bin/$program"; done
  "$docker/bin/dockerd" --version >/dev/null
  touch "$docker/ok"
}

install_tools() { # what tests beside containerd need: programs to run, second opinions that others wrote
  apt_install busybox-static strace crun tini
}

host_bin() { # the directory of the host's own containerd
  local found
  found=$(PATH=$PATH:/usr/local/bin:/usr/bin:/usr/sbin command -v containerd) || return 1
  dirname "$found"
}

list() {
  local v
  for v in "${VERSIONS[@]}" docker; do [ ! -e "$ENGINES_DIR/$v/ok" ] || echo "$v"; done
  ! host_bin >/dev/null || echo host
}

bin_of() {
  case $1 in
    host) host_bin || die "the host has no containerd: apt-get install containerd" ;;
    *)
      suite_of "$1" >/dev/null
      [ -e "$ENGINES_DIR/$1/ok" ] || die "engine $1 is not installed: engines.sh install"
      echo "$ENGINES_DIR/$1/bin"
      ;;
  esac
}

wait_for() { # SECONDS COMMAND…: until the command succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

gone() { # PID: it has ended, even where nobody has asked how yet
  ! grep -qs '^State:.[RSDTtI]' "/proc/$1/status"
}

start_containerd() {
  local bin path dir=$2
  bin=$(bin_of "$1")
  mkdir -p "$dir"
  dir=$(realpath "$dir")
  # NRI's socket would be the host engine's, and CRI asks for CNI: neither is a private engine's business.
  cat > "$dir/config.toml" << CONFIG
version = 2
root = "$dir/root"
state = "$dir/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri"]
[grpc]
  address = "$dir/containerd.sock"
[ttrpc]
  address = "$dir/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/opt"
CONFIG
  path=$bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  setsid env PATH="${ENGINE_PATH:-$path}" "$bin/containerd" -c "$dir/config.toml" \
    > "$dir/containerd.log" 2>&1 < /dev/null &
  echo $! > "$dir/pid"
  wait_for 30 "$bin/ctr" -a "$dir/containerd.sock" version ||
    { tail -n 5 "$dir/containerd.log" >&2; die "containerd $1 did not start"; }
  echo "$dir/containerd.sock"
}

start_docker() {
  local bin dir=$1 containerd_store=false socket
  bin=$(bin_of docker)
  [ "${2:-overlay2}" != containerd ] || containerd_store=true
  mkdir -p "$dir"
  dir=$(realpath "$dir")
  # no bridge: two dockerds would fight for its name and its iptables chains (so: docker run --network none|host)
  echo "{\"bridge\": \"none\", \"iptables\": false, \"ip6tables\": false, \"ip-forward\": false," \
    "\"features\": {\"containerd-snapshotter\": $containerd_store}}" > "$dir/daemon.json"
  socket=$(start_containerd 2.1 "$dir/containerd")
  PATH=$bin:$PATH setsid "$bin/dockerd" --config-file "$dir/daemon.json" --containerd "$socket" \
    --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" -H "unix://$dir/docker.sock" \
    --userland-proxy-path "$bin/docker-proxy" --init-path "$bin/docker-init" \
    > "$dir/dockerd.log" 2>&1 < /dev/null &
  echo $! > "$dir/pid"
  wait_for 60 "$bin/docker" -H "unix://$dir/docker.sock" version ||
    { tail -n 5 "$dir/dockerd.log" >&2; die "dockerd did not start"; }
  echo "unix://$dir/docker.sock"
}

end() { # PIDFILE: end the process that a pid file of ours names, and wait for it
  local pid
  [ -e "$1" ] || return 0
  pid=$(cat "$1")
  rm -f "$1"
  if [ -n "$pid" ] && kill "$pid" 2>/dev/null; then
    wait_for 20 gone "$pid" || kill -9 "$pid" 2>/dev/null || true
  fi
}

stop() {
  local dir process shims=()
  [ -d "$1" ] || return 0
  dir=$(realpath "$1")
  end "$dir/pid"
  end "$dir/containerd/pid"
  for process in /proc/[0-9]*; do # our shims have the socket of this directory among their arguments
    if tr '\0' ' ' 2>/dev/null < "$process/cmdline" | grep -q "containerd-shim.* $dir/\(containerd/\)\?containerd.sock"; then
      shims+=("${process##*/}")
    fi
  done
  local shim
  for shim in "${shims[@]}"; do
    # shellcheck disable=SC2046  # several children are several words
    kill -9 $(cat "/proc/$shim/task/$shim/children" 2>/dev/null) "$shim" 2>/dev/null || true
  done
  for shim in "${shims[@]}"; do wait_for 5 gone "$shim" || true; done
  awk -v d="$dir/" 'index($2, d) == 1 { print $2 }' /proc/self/mounts | sort -r |
    while read -r mount; do umount -l "$mount" 2>/dev/null || true; done
}

rootfs() { # KIND DIR, which must not exist
  local dir=$2
  [ ! -e "$dir" ] || die "$dir exists"
  case $1 in
    busybox)
      apt_install busybox-static
      mkdir -p "$dir"/{bin,etc,proc,sys,dev,root,home/u}
      mkdir -m 1777 "$dir/tmp"
      cp /bin/busybox "$dir/bin/"
      chroot "$dir" /bin/busybox --install -s /bin
      printf '%s\n' root:x:0:0:root:/root:/bin/sh u:x:1000:1000::/home/u:/bin/sh nobody:x:65534:65534:nobody:/:/bin/false > "$dir/etc/passwd"
      printf '%s\n' root:x:0: u:x:1000: video:x:44:u nogroup:x:65534: > "$dir/etc/group"
      ;;
    debian)
      can_download || die "no Debian mirror in apt's sources to take a rootfs from"
      apt_install mmdebstrap
      mmdebstrap --variant=minbase --quiet bookworm "$dir" "$(mirror)" 2> >(grep -v '^W:' >&2)
      ;;
    *) die "unknown rootfs $1" ;;
  esac
}

install() {
  mkdir -p "$ENGINES_DIR"
  exec 9> "$ENGINES_DIR/lock"
  flock 9
  case ${1:-all} in
    all) install_containerd; install_docker; install_tools ;;
    containerd) install_containerd ;;
    docker) install_containerd; install_docker ;;
    tools) install_tools ;;
    *) die "install what?" ;;
  esac
}

[ $# -ge 1 ] || set -- help
case $1 in
  install) install "${2:-all}" ;;
  list) list ;;
  path) dirname "$(bin_of "${2:?an engine}")" ;;
  start)
    case ${2:?an engine} in
      docker) start_docker "${3:?a directory}" "${4:-overlay2}" ;;
      *) start_containerd "$2" "${3:?a directory}" ;;
    esac
    ;;
  stop) stop "${2:?a directory}" ;;
  env) echo "export PATH=$(bin_of "${2:?an engine}"):\$PATH CONTAINERD_ADDRESS=$(realpath "${3:?a directory}")/containerd.sock" ;;
  rootfs) rootfs "${2:?busybox or debian}" "${3:?a directory}" ;;
  protos) suite_of "${2:?an engine}" > /dev/null; echo "$ENGINES_DIR/$2/protos/github.com/containerd/containerd" ;;
  *) sed -n '2,20p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
