"""What stands in the way of an isolation, in the machine's words, and the line that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Remedy:
    """`said` is part of a complaint, `reason` what it means, `line` what mends it.

    `setting` narrows it to machines where that file under /proc/sys holds that value.
    """

    said: str
    reason: str
    line: str
    setting: tuple[str, str] | None = None

    def fits(self, complaint: str) -> bool:
        """Whether this is what the complaint is about, on this machine."""
        if self.said not in complaint:
            return False
        if self.setting is None:
            return True
        name, value = self.setting
        try:
            return Path("/proc/sys", name).read_text(encoding="ascii").strip() == value
        except OSError:
            return False


_NEWER_BUBBLEWRAP = (
    "apt install bubblewrap on Debian 12, Ubuntu 24.04 or later; on older systems build 0.8 or later from "
    "https://github.com/containers/bubblewrap: meson setup build && ninja -C build install"
)
_APPARMOR = "AppArmor keeps ordinary users from using namespaces (Ubuntu 23.10 and later)"
_APPARMOR_LINE = "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"

REMEDIES = (
    Remedy(
        "is not installed",
        "bubblewrap (bwrap) is not installed",
        "install it: apt install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora)",
    ),
    Remedy(
        "No permissions to create new namespace",
        "this machine's settings keep ordinary users from using namespaces",
        "as root: sysctl -w kernel.unprivileged_userns_clone=1",
        setting=("kernel/unprivileged_userns_clone", "0"),
    ),
    Remedy(
        "No permissions to create new namespace",
        "this container's seccomp profile forbids namespaces",
        "start the container with --security-opt seccomp=unconfined",
    ),
    Remedy(
        "nesting depth or /proc/sys/user/max_",
        "the number of namespaces allowed here is used up or set to zero",
        "as root: sysctl -w user.max_user_namespaces=15000",
    ),
    Remedy(
        "Creating new namespace failed: Operation not permitted",
        "root in this container lacks the capability SYS_ADMIN",
        "start the container with --cap-add SYS_ADMIN, or run the grader as an ordinary user",
    ),
    Remedy(
        "the kernel does not support user namespaces",
        "this Linux was built without user namespaces, or they are switched off",
        "run the grader as root, or start a Linux with CONFIG_USER_NS",
    ),
    Remedy(
        "Can't mount proc on",
        "parts of /proc are masked in this container",
        "start the container with --security-opt systempaths=unconfined",
    ),
    Remedy("setting up uid map: Permission denied", _APPARMOR, _APPARMOR_LINE),
    Remedy("loopback: Failed RTM_NEWADDR", _APPARMOR, _APPARMOR_LINE),
    Remedy(
        "not permitted in setuid mode",
        "bubblewrap is installed set-uid root, an old way in which it can't cap the size of its folders",
        "as root: chmod u-s /usr/bin/bwrap",
    ),
    Remedy(
        "Unknown option --size",
        "bubblewrap is older than 0.7 and can't cap the size of its folders",
        _NEWER_BUBBLEWRAP,
    ),
    Remedy(
        "Unknown option --disable-userns",
        "bubblewrap is older than 0.8 and can't forbid namespaces inside its own",
        _NEWER_BUBBLEWRAP,
    ),
    Remedy(
        "Landlock is not available",
        "this Linux has no Landlock, or it is switched off",
        "start Linux 5.13 or later with lsm=landlock,... on its command line",
    ),
)


def explain(complaint: str) -> tuple[str, str | None]:
    """What is the matter, for a person, and the line that mends it where it is known."""
    for remedy in REMEDIES:
        if remedy.fits(complaint):
            said = "" if remedy.reason in complaint else f" ({complaint.splitlines()[-1]})"
            return remedy.reason + said, remedy.line
    return complaint, None
