"""Never doing work twice: runs, recomputed scores and whole evidence, kept by all that they depend on."""

from grader.reuse.evidence import Measured
from grader.reuse.folder import cache_folder, open_store, require_apart
from grader.reuse.store import Store

__all__ = ["Measured", "Store", "cache_folder", "open_store", "require_apart"]
