"""How long a runner waits for its kernel: apart from what runs cells, so that the grader itself need not load that."""

from __future__ import annotations

STARTUP_S = 120.0
"""A kernel starts in a second; on a machine under full load it has this long."""

INTERRUPT_GRACE_S = 5.0
"""An interrupted cell may still write down where it stood before the box is ended."""

OUTPUT_WAIT_S = 15.0
"""After a cell's reply its last outputs are waited for this long; on a loaded machine they come within a second."""
