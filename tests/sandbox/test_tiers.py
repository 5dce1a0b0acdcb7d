"""Tiers are found by trying, and what stands in the way of a better one is named with its remedy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

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
    ],
)
def test_known_complaints_are_explained(complaint: str, words: str) -> None:
    """Each known complaint keeps its own words and gains a line that mends it."""
    reason, remedy = explain(complaint)
    assert complaint in reason
    assert remedy is not None
    assert words in remedy


def test_unknown_complaints_are_passed_on() -> None:
    """What nobody foresaw is said as it was said."""
    assert explain("bwrap: the moon is full") == ("bwrap: the moon is full", None)


def test_no_isolation_is_never_silent() -> None:
    """The report of switched-off isolation names what isn't held."""
    report = unsandboxed()
    assert report.tier == "none"
    assert report.gaps
    assert Box("none").limits.memory > 0
