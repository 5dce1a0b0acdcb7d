"""The host's side of observing: from a run's untrusted events and artifacts to Evidence, and to what is recomputed.

`collect_evidence` in `collecting`, `sealed_scorings` and `reference_data` in `sealing`, `diagnose` in `diagnosis`.
Nothing is imported here, so that reading a notebook (`reading`) doesn't load what only a run needs.
"""
