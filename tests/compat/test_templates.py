"""`inspect --format` as people's scripts have it, through docker 28 and chub."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command import Command

pytestmark = pytest.mark.nightly
FLAGS = ("--network", "none", "-e", "A=1", "-l", "k=v", "-l", "com.example.x=two words")
MOUNTS = ("-v", "/usr/share:/mnt:ro", "--mount", "type=bind,source=/usr/lib,target=/other,readonly", "--tmpfs", "/t")

TEMPLATES = r"""
{{.Name}} {{slice .Name 1}} {{len .ID}} {{printf "%.12s" .ID}} {{slice .ID 0 12}}
{{.Created}} {{.Path}} {{.Args}} {{join .Args " "}} {{.Image}} {{.Platform}} {{.RestartCount}}
{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.Restarting}} {{.State.Dead}} {{.State.OOMKilled}}
{{.State.ExitCode}} {{.State.Error}} {{.State.StartedAt}} {{.State.FinishedAt}} {{gt .State.Pid 0}}
{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{json .State.Health}} {{.State.Health}}
{{if .State.Running}}up{{else}}down{{end}} {{eq .State.Status "running"}} {{if eq .State.ExitCode 0}}ok{{end}}
{{and .State.Running (not .State.Paused)}} {{ne .State.Status "exited"}} {{lt .State.ExitCode 8}} {{or .State.Error 1}}
{{.NetworkSettings.Ports}} {{json .NetworkSettings.Ports}} {{len .NetworkSettings.Ports}}
{{range $p, $conf := .NetworkSettings.Ports}} {{$p}} -> {{(index $conf 0).HostPort}} {{else}}no ports{{end}}
{{.NetworkSettings.IPAddress}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{.MacAddress}}{{.Gateway}}{{end}}
{{range $name, $net := .NetworkSettings.Networks}}{{$name}}={{$net.IPAddress}} {{end}}{{len .NetworkSettings.Networks}}
{{.NetworkSettings.Networks.none.IPAddress}} {{(index .NetworkSettings.Networks "none").IPPrefixLen}}
{{.NetworkSettings.Gateway}} {{.NetworkSettings.MacAddress}} {{.NetworkSettings.Bridge}}
{{json .Config.Env}} {{.Config.Env}} {{index .Config.Env 0}} {{join .Config.Env "|"}} {{.Config.Env | json}}
{{range .Config.Env}}{{println .}}{{end}}{{range $i, $e := .Config.Env}}{{if $i}}, {{end}}{{$e}}{{end}}
{{range .Config.Env}}{{$p := split . "="}}{{index $p 0}} {{index $p 1}} {{end}}
{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}{{end}}{{end}} {{len .Mounts}}
{{range .Mounts}}{{if eq .Destination "/mnt"}}{{.Type}} {{.Source}}:{{.Destination}} {{.Mode}} {{.RW}}{{end}}{{end}}
{{range .Mounts}}{{if eq .Destination "/other"}}{{json .}} {{.Propagation}} {{.Driver}}{{end}}{{end}}
{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy}} {{json .HostConfig.RestartPolicy}}
{{.HostConfig.NetworkMode}} {{.HostConfig.IpcMode}} {{.HostConfig.PidMode}} {{.HostConfig.UTSMode}}
{{.HostConfig.Memory}} {{.HostConfig.NanoCPUs}} {{.HostConfig.CPUShares}} {{.HostConfig.PidsLimit}}
{{.HostConfig.Privileged}} {{.HostConfig.AutoRemove}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.ShmSize}}
{{.HostConfig.Binds}} {{json .HostConfig.Binds}} {{json .HostConfig.Mounts}} {{json .HostConfig.Tmpfs}}
{{.HostConfig.LogConfig.Type}} {{json .HostConfig.LogConfig}} {{.HostConfig.PortBindings}} {{json .HostConfig.Sysctls}}
{{.HostConfig.SecurityOpt}} {{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}} {{.HostConfig.Devices}} {{.HostConfig.DNS}}
{{range $p := .HostConfig.PortBindings}}x{{else}}none{{end}} {{.HostConfig.Links}} {{.HostConfig.ExtraHosts}}
{{.Config.Image}} {{.Config.Hostname}} {{.Config.User}} {{.Config.WorkingDir}} {{.Config.Tty}} {{.Config.OpenStdin}}
{{.Config.Cmd}} {{.Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.Entrypoint}} {{.Config.StopSignal}}
{{.Config.Labels}} {{json .Config.Labels}} {{index .Config.Labels "com.example.x"}} {{.Config.Labels.k}}
{{index .Config.Labels "nope"}} {{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}
{{with .Config.Labels}}{{.k}}{{end}} {{.Config.Healthcheck}}
{{.Config.ExposedPorts}} {{json .Config.ExposedPorts}} {{.Config.Volumes}} {{json .Config.Volumes}}
{{.AppArmorProfile}} {{.ProcessLabel}} {{.MountLabel}} {{.ExecIDs}} {{json .ExecIDs}} {{upper .Name}} {{title .Path}}
{{range .Config.Env}}{{break}}{{end}} {{define "x"}}{{.Name}}{{end}}{{template "x" .}} {{html .Path}} {{js .Path}}
""".strip().splitlines()
ON_BARE_JSON = r"""
{{.Id}} {{len .Id}} {{printf "%.12s" .Id}} {{slice .Id 0 12}} {{.Image}} {{.Name}}
{{index .NetworkSettings.Ports "80/tcp"}} {{with index .NetworkSettings.Ports "80/tcp"}}x{{else}}none{{end}}
{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.Config.Env}} {{range .Config.Env}}{{.}} {{end}}
{{.HostConfig.Binds}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}} {{.HostConfig.Dns}}
{{index .Config.Labels "k"}} {{.HostConfig.RestartPolicy.Name}}
{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}} {{.NetworkSettings.Networks.none.IPAddress}}
""".strip().splitlines()
"""docker knows no types any more where a template has a name of the JSON, as ``.Id``."""
FAILING = (
    "{{.State.Health.Status}}",
    "{{.SizeRw}} {{.Bogus}}",
    "{{.NetworkSettings.Networks.bridge.IPAddress}}",
    '{{(index .NetworkSettings.Networks "nope").NetworkID}}',
    '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}',
    "{{.Config.Labels.nope}}",
    "{{index .Config.Env 9}}",
    "{{.Name",
)


@pytest.fixture
def both(docker: Command, docker_image: str, chub: Command, image: str) -> Iterator[tuple[Command, Command]]:
    """Docker and chub with a container `up` that runs and one `down` that has ended."""
    for program, name in ((docker, docker_image), (chub, image)):
        program.ok("run", "-d", "--name", "up", *FLAGS, *MOUNTS, name, "sleep", "600")
        program("run", "--name", "down", *FLAGS, *MOUNTS, name, "sh", "-c", "exit 7")
    yield docker, chub
    for program in (docker, chub):
        program.ok("rm", "-f", "up", "down")


def test_templates_of_scripts(both: tuple[Command, Command]) -> None:
    """26, 28: of a container that runs and of one that has ended; and what is not there is the same error."""
    for name, templates in product(("up", "down"), (TEMPLATES, ON_BARE_JSON)):
        theirs, ours = (shape(program.ok("inspect", "-f", "\n".join(templates), name)) for program in both)
        assert ours.splitlines() == theirs.splitlines()
    for template in FAILING:
        asked, answered = (program("inspect", "-f", template, "up") for program in both)
        assert (template, answered.exit_status, answered.stdout) == (template, asked.exit_status, asked.stdout)
        assert asked.stderr.strip() in answered.stderr


def test_the_files_of_a_container(both: tuple[Command, Command]) -> None:
    """`MergedDir` is where all files of a container that runs are seen, from the host."""
    for program in both:
        where = program.ok("inspect", "-f", "{{.GraphDriver.Data.MergedDir}}", "up").strip()
        assert program.ok("exec", "up", "cat", "/etc/passwd") == Path(where, "etc/passwd").read_text()


def shape(text: str) -> str:
    """A text without ids and times."""
    text = re.sub(r"\b[0-9a-f]{64}\b", "<digest>", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "<id>", text)
    return re.sub(r"(?!0001)\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", text)
