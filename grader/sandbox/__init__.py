"""Where untrusted code runs: isolation tiers, limits, and what watches over them."""

from grader.sandbox.box import Box, Breach, Offer
from grader.sandbox.limits import GIB, KIB, MIB, Limits
from grader.sandbox.remedies import explain
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.script import JSON, ScriptResult, run_script
from grader.sandbox.tiers import TierReport, detect_tier, exact_tier, forks_can_enter, tier_gaps, try_tier, unsandboxed

__all__ = [
    "GIB",
    "JSON",
    "KIB",
    "MIB",
    "Box",
    "Breach",
    "Limits",
    "Offer",
    "Sandbox",
    "ScriptResult",
    "TierReport",
    "detect_tier",
    "exact_tier",
    "explain",
    "forks_can_enter",
    "run_script",
    "tier_gaps",
    "try_tier",
    "unsandboxed",
]
