"""The catalogue of containment attacks, family by family."""

from hostile.attacks import death, endless, escape, links, network, output, processes, reading, resources, writing
from hostile.catalogue import Attack

CONTAINMENT: tuple[Attack, ...] = (
    *reading.ATTACKS,
    *writing.ATTACKS,
    *network.ATTACKS,
    *processes.ATTACKS,
    *resources.ATTACKS,
    *endless.ATTACKS,
    *output.ATTACKS,
    *death.ATTACKS,
    *escape.ATTACKS,
    *links.ATTACKS,
)
"""Every attack that this suite's containment tests run, with unique names."""

ENDLESS: tuple[Attack, ...] = endless.ATTACKS
"""Those that only the wall clock ends."""
