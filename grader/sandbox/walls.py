"""The walls of a box: what its shim is told to close before the command starts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from grader.sandbox import seccomp, shim
from grader.sandbox.interpreter import installation_samples, private_to_owner
from grader.sandbox.places import KERAS_DATASETS, Places

_DEVICES = ("/dev/null", "/dev/full")
_READABLE = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store",
    "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/alternatives", "/etc/mime.types", "/etc/fonts",
    "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts",
    "/proc", "/sys/devices/system/cpu", "/dev/urandom", "/dev/random",
)  # fmt: skip


def shim_config(
    places: Places, command: Sequence[str], environment: Mapping[str, str], descriptors: Sequence[int]
) -> dict[str, object]:
    """What `shim.py` is to do, as JSON: make folders and links, close the walls, become `command`.

    Of the descriptors it inherits, `descriptors` stay open for the command.
    """
    config: dict[str, object] = {
        "command": list(command),
        "environment": dict(environment),
        "descriptors": list(descriptors),
        "folder": places.work,
        "working": places.box.working,
        "folders": [KERAS_DATASETS],
        "links": places.links(),
        "copies": [(name, original) for name, original, _ in places.originals()] if places.mounted else [],
        "rlimits": _rlimits(places),
    }
    if places.uid is not None:
        config |= {"uid": places.uid, "keep_read_search": _needs_read_search(places)}
    if places.box.tier == "none":
        return config
    config["seccomp"] = seccomp.filter_program(
        without_network_namespace=not places.mounted, same_user=not places.mounted and places.uid is None
    ).hex()
    if shim.landlock_version() or not places.mounted:
        config["landlock"] = _landlock_rules(places)
    return config


def _rlimits(places: Places) -> dict[str, int]:
    limits = places.box.limits.rlimits()
    if places.box.tier == "none":
        return {name: limits[name] for name in ("FSIZE", "CORE")}
    if places.box.tier == "landlock" and places.uid is None:  # shares the uid of the grader, whose threads count
        limits["NPROC"] += _tasks_of_this_user()
    return limits


def _tasks_of_this_user() -> int:
    count = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count


def _needs_read_search(places: Places) -> bool:
    """Whether the box's own uid is locked out of something that it has to read."""
    box = places.box
    offered = [str(offer.source.resolve()) for offer in box.offers]
    offered += [str(path.resolve()) for path in (box.files, box.data) if path is not None]
    trees = (*offered, *installation_samples(box.python))
    ways = () if places.mounted else (*trees, *(f"{root}/x" for root in places.roots), str(places.folder / "x"))
    return private_to_owner(trees, ways=ways)


def _landlock_rules(places: Places) -> dict[str, object]:
    if places.mounted:  # the mounts hold already; this keeps the host's socket folder free of files
        write = [places.work, "/tmp", "/dev", "/proc"]  # noqa: S108 - paths inside the box
        return {"read": ["/"], "write": write, "sockets": [places.sockets_inside], "connect": False}
    read = [*_READABLE, *places.roots, *_offered(places)]
    return {"read": read, "write": [places.work, *_DEVICES], "sockets": [str(places.sockets)], "connect": False}


def _offered(places: Places) -> list[str]:
    """The paths on the host of all that is shown inside: links lead there."""
    box = places.box
    offered = [str(offer.source.resolve()) for offer in box.offers]
    offered += [str(source.resolve()) for _, source in places.files.entries]
    offered += [str(places.folder / name) for name in places.written]
    offered += [
        str(folder) for folder in {(places.folder / offer.name).parent for offer in box.offers} - {places.folder}
    ]
    if box.data is not None:
        offered += [str(box.data.resolve()), *(str((box.data / name).resolve()) for name in places.datasets)]
    return offered
