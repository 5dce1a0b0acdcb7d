"""The faults: each rewrites a part or two of a draft, and names the checks that must fail then."""

from . import leaks, reporting, training
from .registry import FAULTS, Change, Fault, When

__all__ = ["FAULTS", "Change", "Fault", "When", "leaks", "reporting", "training"]
