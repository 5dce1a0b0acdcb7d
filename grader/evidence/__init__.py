"""The host's side of observing: from a run's untrusted events and artifacts to Evidence, and to what is recomputed."""
