"""The same `run` lines through docker 28 and chub. Numbers are the cases of docs/docker.md."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.command import Command, Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """What docker and chub made of a line."""

    docker: Ended
    chub: Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """docker and chub, each with the image of one tree under one name."""

    docker: Command
    chub: Command

    def run(self, *words: str, input: str = "") -> Both:
        """Run the same words through both, docker without a network as chub."""
        flags = ("run", "--rm")
        return Both(
            docker=self.docker(*flags, "--network", "none", *words, input=input),
            chub=self.chub(*flags, *words, input=input),
        )


@pytest.fixture
def pair(docker: Command, docker_image: str, chub: Command, image: str) -> Pair:
    """Docker and chub with the busybox image."""
    assert docker_image == image
    return Pair(docker=docker, chub=chub)


SAME = [
    # 1, 5
    "busybox sh -c 'exit 42'",
    "busybox sh -c 'kill -9 $$'",
    "busybox true",
    "busybox false",
    # 2: a program that cannot start
    "busybox nosuch",
    "busybox /etc",
    "busybox /etc/passwd",
    "busybox /no/such",
    "busybox ''",
    # 23: entrypoints
    "--entrypoint echo busybox hi",
    "--entrypoint 'echo x' busybox",
    "--entrypoint '' busybox",
    "--entrypoint '' busybox echo hi",
    "--entrypoint sh busybox -c 'echo $0 $@' a b",
    # 57: environment
    "-e A=1 -e B= -e A=2 busybox sh -c 'echo $A.$B.'",
    "-e PATH=/bin busybox sh -c 'echo $PATH'",
    "-e HOME=/x busybox sh -c 'echo $HOME'",
    "-e UNSET_HERE busybox env -u HOSTNAME sh -c 'env | sort'",
    '-h box busybox sh -c \'tr "\\000" "\\n" < /proc/1/environ\'',
    # 58: users, directories, names
    "-u u busybox id",
    "-u 1000 busybox id",
    "-u u:video busybox id",
    "-u 4242:7 busybox sh -c 'id; echo $HOME'",
    "-u :5 busybox id",
    "-u root busybox id",
    "-u nobody busybox sh -c 'id; echo $HOME'",
    "-u u --group-add video --group-add 99 busybox id",
    "-u nosuch busybox true",
    "-u u:nosuch busybox true",
    "--group-add nosuch busybox true",
    "-u 99999999999 busybox true",
    "-w /new/dir busybox pwd",
    "-w rel busybox pwd",
    "-w /etc busybox pwd",
    "-w /etc/passwd busybox pwd",
    "-h box busybox sh -c 'hostname; cat /etc/hostname'",
    "-h box busybox cat /etc/hosts",
    "busybox sh -c 'hostname | wc -c'",
    # streams
    "busybox sh -c 'echo out; echo err >&2'",
    "-t busybox sh -c 'echo out; echo err >&2'",
    "-t busybox sh -c 'echo $TERM; tty'",
    # files
    "--read-only busybox sh -c 'touch /x || echo no'",
    "--read-only --tmpfs /t busybox sh -c 'touch /t/x && echo yes'",
    "--tmpfs /t busybox sh -c 'grep \" /t \" /proc/mounts'",
    "--tmpfs /t:size=1m,mode=700 busybox sh -c 'grep \" /t \" /proc/mounts'",
    "--tmpfs /t:exec busybox sh -c 'grep \" /t \" /proc/mounts'",
    "--tmpfs /t:nosuchoption busybox true",
    "--mount type=tmpfs,target=/t,tmpfs-size=1m busybox sh -c 'grep \" /t \" /proc/mounts'",
    "--mount type=nosuch,target=/t busybox true",
    "--mount type=bind,target=/t busybox true",
    "--mount type=bind,source=/no/such,target=/t busybox true",
    '-v /usr/share:/m:ro busybox sh -c \'grep " /m " /proc/mounts | cut -d" " -f2,4; touch /m/x || echo no\'',
    "-v /usr/share:/m:nosuch busybox true",
    "-v /usr/share:rel busybox true",
    "--shm-size 16m busybox sh -c 'grep shm /proc/mounts'",
    "--shm-size bogus busybox true",
    # limits
    "--ulimit nofile=100:200 busybox sh -c 'ulimit -n; ulimit -Hn'",
    "--ulimit nofile=300 busybox sh -c 'ulimit -n; ulimit -Hn'",
    "--ulimit nosuch=1 busybox true",
    "--ulimit nofile=2:1 busybox true",
    "--ulimit nofile busybox true",
    "--sysctl kernel.msgmax=4096 busybox cat /proc/sys/kernel/msgmax",
    "--sysctl net.ipv4.ip_forward=1 busybox cat /proc/sys/net/ipv4/ip_forward",
    "--sysctl kernel.hostname=x busybox true",
    # privileges
    "--cap-add SYS_PTRACE busybox grep Cap /proc/self/status",
    "--cap-add cap_net_admin --cap-drop CHOWN busybox grep Cap /proc/self/status",
    "--cap-drop ALL busybox grep Cap /proc/self/status",
    "--cap-drop ALL --cap-add CHOWN busybox grep Cap /proc/self/status",
    "--cap-add nosuch busybox true",
    "--privileged busybox grep -E 'Cap|Seccomp|NoNewPrivs' /proc/self/status",
    "-u u busybox grep -E 'Cap|Seccomp|NoNewPrivs' /proc/self/status",
    "--security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status",
    "--security-opt no-new-privileges=false busybox grep NoNewPrivs /proc/self/status",
    "--security-opt seccomp=unconfined busybox grep Seccomp: /proc/self/status",
    "--security-opt systempaths=unconfined busybox sh -c 'grep -c \" /proc/\" /proc/mounts'",
    "--security-opt nosuch busybox true",
    "--security-opt seccomp=/no/such busybox true",
    # flags and words
    "--rm=false --rm busybox true",
    "-i=false busybox echo hi",
    "--name x busybox true",
    "--name ä busybox true",
    "--nosuchflag busybox true",
    "--label =x busybox true",
    "-e =x busybox true",
]


@pytest.mark.parametrize("line", SAME)
def test_the_same_output_and_status(pair: Pair, line: str) -> None:
    """Docker's stdout and exit status, byte for byte; a failure says something on stderr where docker does."""
    import shlex

    both = pair.run(*shlex.split(line))

    assert both.docker.stdout == both.chub.stdout, both
    assert both.docker.exit_status == both.chub.exit_status, both
    assert bool(both.docker.stderr) == bool(both.chub.stderr), both


def test_input(pair: Pair) -> None:
    """Standard input reaches the program with -i only."""
    for flags in (["-i"], []):
        both = pair.run(*flags, "busybox", "cat", input="hello\n")
        assert both.docker.stdout == both.chub.stdout


def test_env_files(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What docker makes of each line of an env file."""
    file = tmp_path_factory.mktemp("env") / "file"
    for content in ("A=1\n# c\n\n  B=2\nC=a b\nD\n", "a b=1\n", "=x\n", "A=1\r\n", "\ufeffA=1\n", 'Q="x"\n'):
        file.write_text(content)
        both = pair.run("--env-file", str(file), "-e", "HOSTNAME=x", "busybox", "env")
        assert both.docker.exit_status == both.chub.exit_status, content
        assert sorted(both.docker.stdout.split("\n")) == sorted(both.chub.stdout.split("\n")), content
