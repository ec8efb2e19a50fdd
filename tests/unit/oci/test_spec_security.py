"""Capabilities, system call filters and the AppArmor profile."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid
from chub.oci import apparmor
from chub.oci.spec import seccomp
from chub.oci.spec.base import CAPABILITIES
from chub.oci.spec.capabilities import NAMES, combine, from_bits
from chub.oci.spec.facts import Host


def names(filter: dict[str, Any] | None) -> set[str]:
    """All system calls that a filter has rules for."""
    assert filter is not None
    return {name for rule in filter["syscalls"] for name in rule["names"]}


def test_the_default_set_in_bits() -> None:
    """Names and bits are the kernel's: docker's default set is 00000000a80425fb."""
    assert set(CAPABILITIES) == set(from_bits(0xA80425FB))
    assert from_bits(2**64 - 1) == NAMES


WORDS = st.sampled_from([*NAMES, "ALL"]).map(lambda name: name.removeprefix("CAP_").lower())


@given(st.lists(WORDS), st.lists(WORDS))
def test_adding_and_dropping(add: list[str], drop: list[str]) -> None:
    """What is dropped by name is gone unless it is added by name, what is added is there, nothing is there twice."""
    held = combine(add, drop, bounding=NAMES)
    plain = {f"CAP_{name.upper()}" for name in add if name != "all"}

    assert len(set(held)) == len(held)
    assert plain <= set(held) or "all" in add
    if "all" in add:
        assert set(held) == set(NAMES) - {f"CAP_{name.upper()}" for name in drop}
    elif "all" in drop:
        assert set(held) == plain


@pytest.mark.parametrize("name", ["BOGUS", "", "CAP_ALL", "net_admin,sys_time"])
def test_unknown_capability(name: str) -> None:
    """A name that is none is refused, both ways."""
    with pytest.raises(Invalid, match='invalid CapAdd: unknown capability: "CAP_'):
        combine([name], [], bounding=NAMES)
    with pytest.raises(Invalid, match='invalid CapDrop: unknown capability: "CAP_'):
        combine([], [name], bounding=NAMES)


def test_capability_the_host_lacks() -> None:
    """The runtime would fail on it with less to say."""
    with pytest.raises(Invalid, match='not available in the current environment: "CAP_SYS_RESOURCE"'):
        combine(["sys_resource"], [], bounding=CAPABILITIES)


@pytest.mark.parametrize(
    ("machine", "architectures", "there", "not_there"),
    [
        ("x86_64", ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "arch_prctl modify_ldt", "set_tls"),
        ("aarch64", ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"], "set_tls sync_file_range2", "arch_prctl modify_ldt"),
        ("s390x", ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"], "s390_runtime_instr", "arch_prctl set_tls"),
        ("riscv64", ["SCMP_ARCH_RISCV64"], "riscv_flush_icache", "arch_prctl set_tls"),
        ("ppc64le", None, "swapcontext sync_file_range2", "arch_prctl set_tls"),
    ],
)
def test_machines(machine: str, architectures: list[str] | None, there: str, not_there: str) -> None:
    """The filter covers the host's machine and the ones it also runs, with their own calls."""
    filter = seccomp.resolve(seccomp.default(), Host(machine=machine), CAPABILITIES)

    assert filter is not None
    assert architectures == filter.get("architectures")
    assert set(there.split()) <= names(filter)
    assert not set(not_there.split()) & names(filter)


@pytest.mark.parametrize(("machine", "place"), [("x86_64", 0), ("aarch64", 0), ("s390x", 1)])
def test_clone_without_namespaces(machine: str, place: int) -> None:
    """Clone may not make namespaces; its flags are the second argument on s390."""
    filter = seccomp.resolve(seccomp.default(), Host(machine=machine), CAPABILITIES)
    assert filter is not None

    (rule,) = (rule for rule in filter["syscalls"] if "clone" in rule["names"])
    assert [{"index": place, "value": 0x7E020000, "op": "SCMP_CMP_MASKED_EQ"}] == rule["args"]


def test_tracing_on_old_kernels() -> None:
    """Before Linux 4.8 ptrace could get around a filter, so it needs the capability there."""
    old = Host(kernel=(4, 4))

    assert "ptrace" not in names(seccomp.resolve(seccomp.default(), old, CAPABILITIES))
    assert "ptrace" in names(seccomp.resolve(seccomp.default(), old, ("CAP_SYS_PTRACE",)))


@pytest.mark.parametrize("profile", [{}, {"syscalls": []}, {"defaultAction": "", "syscalls": None}])
def test_empty_profile(profile: dict[str, Any]) -> None:
    """A profile that says nothing filters nothing."""
    assert seccomp.resolve(profile, Host(), ()) is None


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ([], "Decoding seccomp profile failed: expected an object"),
        ({"syscalls": [{"names": ["a"], "action": "x"}]}, "it has no defaultAction"),
        ({"defaultAction": "x", "syscalls": {}}, "syscalls: expected a list"),
        ({"defaultAction": "x", "syscalls": ["a"]}, "expected an object"),
        ({"defaultAction": "x", "archMap": [1]}, "expected an object"),
        ({"defaultAction": "x", "architectures": ["a"], "archMap": [{}]}, "both 'architectures' and 'archMap'"),
        ({"defaultAction": "x", "syscalls": [{"name": "a", "names": ["b"]}]}, "both 'name' and 'names'"),
        ({"defaultAction": "x", "syscalls": [{"includes": {"minKernel": "x"}}]}, 'invalid kernel version: "x"'),
        ({"defaultAction": "x", "syscalls": [{"excludes": {"caps": "x"}}]}, "caps: expected a list"),
    ],
)
def test_broken_profiles(profile: Any, message: str) -> None:
    """A profile of the wrong shape is refused in docker's words where docker has some."""
    with pytest.raises(Invalid, match=re.escape(message)):
        seccomp.resolve(profile, Host(), ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "defaultAction syscalls archMap architectures names name action includes excludes caps "
                    "arches minKernel subArchitectures"
                ).split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_as_profile(profile: Any) -> None:
    """Whatever a file holds, it is a filter, none, or Invalid."""
    try:
        filter = seccomp.resolve(profile, Host(), CAPABILITIES)
    except Invalid:
        return
    assert filter is None or filter["defaultAction"]


def test_apparmor_profile_is_whole() -> None:
    """The profile stands on its own: every rule ends, nothing is included from the host."""
    text = apparmor.profile_text()

    assert text.startswith(f"profile {apparmor.PROFILE} ")
    assert all(line.endswith((",", "{", "}")) for line in text.splitlines())
    assert "include" not in text
    assert "@" not in text


@pytest.mark.parametrize(
    ("path", "denied"),
    [
        ("/proc/sysrq-trigger", True),
        ("/proc/kcore", True),
        ("/proc/sys/vm/drop_caches", True),
        ("/proc/sys/kernel/core_pattern", True),
        ("/proc/sys/kernel/shmmax", False),
        ("/proc/bus/pci/00", True),
        ("/proc/sysvipc/shm", True),
        ("/proc/self-made/x", True),
        ("/proc/1/oom_score_adj", False),
        ("/proc/12345/attr/current", False),
        ("/sys/kernel/uevent_helper", True),
        ("/sys/fs/bpf/x", True),
        ("/sys/fs/cgroup/a/cgroup.procs", False),
        ("/sys/firmware/efi/vars", True),
        ("/etc/passwd", False),
    ],
)
def test_apparmor_denies(path: str, denied: bool) -> None:
    """Writing a file of the kernel's is denied, writing a container's own is not."""
    rules = re.findall(r"deny (/\S+) \S*w", apparmor.profile_text())

    assert denied == any(_expression(rule).fullmatch(path) for rule in rules)


def _expression(pattern: str) -> re.Pattern[str]:
    """AppArmor's file pattern as a regular expression."""
    letters = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    words = re.findall(r"\*\*|\[[^]]*\]|.", pattern)
    return re.compile("".join(letters.get(word, word) for word in words))
