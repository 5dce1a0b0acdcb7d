"""Tiers are found by trying, and what stands in the way of a better one is named with its remedy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import Box, detect_tier, explain, tier_gaps, try_tier, unsandboxed
from grader.sandbox.tiers import TierReport

ASK = "import dataclasses, json; from grader.sandbox import detect_tier; print(json.dumps(dataclasses.asdict(detect_tier())))"


def report_under(*prefix: str, environment: dict[str, str] | None = None) -> TierReport:
    """What another process, started in a hardened way, finds."""
    done = subprocess.run(
        [*prefix, sys.executable, "-c", ASK],
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=True,
    )
    plain = json.loads(done.stdout)
    return TierReport(**plain | {"gaps": tuple(plain["gaps"])})


def test_the_report_is_true_here() -> None:
    """The tier reported works, and those said to be out of reach don't."""
    report = detect_tier()
    assert try_tier(report.tier) is None
    assert report.gaps == tier_gaps(report.tier)
    if report.tier != "bubblewrap":
        assert try_tier("bubblewrap") is not None
        assert report.why_not_better


def test_without_bubblewrap(tmp_path) -> None:
    """Where bwrap is not installed the report says so, and how to get it."""
    if try_tier("landlock") is not None:
        pytest.skip("no Landlock here")
    report = report_under(environment={"PATH": str(tmp_path)})
    assert report.tier == "landlock"
    assert report.gaps
    assert report.why_not_better == "bubblewrap: bubblewrap (bwrap) is not installed"
    assert report.remedy is not None
    assert "apt install bubblewrap" in report.remedy


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root has capabilities to drop")
def test_root_in_a_container_without_namespaces() -> None:
    """Root without SYS_ADMIN, as in most containers, falls back and is told the way out."""
    if shutil.which("setpriv") is None or try_tier("bubblewrap") is not None:
        pytest.skip("needs setpriv, and a bubblewrap that works otherwise")
    report = report_under("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
    assert report.tier == "landlock"
    assert report.why_not_better is not None
    assert "SYS_ADMIN" in report.why_not_better
    assert report.remedy is not None
    assert "--cap-add SYS_ADMIN" in report.remedy


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("bwrap: No permissions to create new namespace, likely because the kernel does not allow ...", "seccomp"),
        ("bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded", "max_user"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "systempaths"),
        ("bwrap: setting up uid map: Permission denied", "apparmor"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "apparmor"),
        ("bwrap: Unknown option --disable-userns", "0.8"),
        ("bwrap: Unknown option --size", "0.8"),
        ("bwrap: The --size option is not permitted in setuid mode", "chmod u-s"),
        (
            (
                "bwrap: Creating new namespace failed, likely because the kernel does not support user namespaces.  bwrap "
                "must be installed setuid on such systems."
            ),
            "CONFIG_USER_NS",
        ),
        ("bwrap: Creating new namespace failed: Operation not permitted", "--cap-add SYS_ADMIN"),
        ("sandbox: OSError: Landlock is not available", "lsm=landlock"),
    ],
)
def test_known_complaints_are_explained(complaint: str, words: str) -> None:
    """Each known complaint keeps its own words and gains a line that mends it."""
    reason, remedy = explain(complaint)
    assert complaint in reason
    assert remedy is not None
    assert words in remedy


def test_the_same_words_mean_another_thing_where_a_setting_says_so(monkeypatch, tmp_path) -> None:
    """Where the system's own switch forbids namespaces, the switch is named and not the container."""
    refused = "bwrap: No permissions to create new namespace, likely because ..."
    assert "--security-opt" in str(explain(refused)[1])
    monkeypatch.setattr(Path, "read_text", lambda path, **_: "0\n")
    assert "unprivileged_userns_clone=1" in str(explain(refused)[1])


@pytest.mark.parametrize(
    ("says", "reason", "line"),
    [
        ("Unknown option --disable-userns", "bubblewrap is older than 0.8", "meson setup build"),
        ("Unknown option --size", "bubblewrap is older than 0.7", "meson setup build"),
        ("No permissions to create new namespace, likely because", "forbids namespaces", "--security-opt"),
    ],
)
def test_a_bubblewrap_that_refuses(says: str, reason: str, line: str, tmp_path: Path) -> None:
    """With a bwrap that is too old, or not allowed to, Landlock is used; the doctor says why, and the line that mends."""
    if try_tier("landlock") is not None:
        pytest.skip("no Landlock here")
    old = tmp_path / "bwrap"
    old.write_text(f"#!/bin/sh\necho 'bwrap: {says}' >&2\nexit 1\n")
    old.chmod(0o755)
    tmp_path.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    report = report_under(environment={"PATH": path})
    assert report.tier == "landlock"
    assert report.why_not_better is not None
    assert reason in report.why_not_better
    assert f"bwrap: {says}" in report.why_not_better
    assert report.remedy is not None
    assert line in report.remedy
    command = [sys.executable, "-c", "import sys; from grader.cli.main import main; sys.exit(main())", "doctor"]
    said = subprocess.run(command, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False).stdout
    assert "landlock" in said
    assert reason in said
    assert line in said
    assert all(gap in said for gap in report.gaps)


def test_unknown_complaints_are_passed_on() -> None:
    """What nobody foresaw is said as it was said."""
    assert explain("bwrap: the moon is full") == ("bwrap: the moon is full", None)


def test_no_isolation_is_never_silent() -> None:
    """The report of switched-off isolation names what isn't held."""
    report = unsandboxed()
    assert report.tier == "none"
    assert report.gaps
    assert Box("none").limits.memory > 0
