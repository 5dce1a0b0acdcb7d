"""The faults: each rewrites a part or two of a draft, and names the checks that must fail then."""

from . import leaks, reporting, training
from .registry import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "leaks", "reporting", "training"]
