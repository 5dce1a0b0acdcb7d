"""The catalogue of containment attacks, family by family."""

from hostile.attacks import reading
from hostile.catalogue import Attack

CONTAINMENT: tuple[Attack, ...] = (*reading.ATTACKS,)
