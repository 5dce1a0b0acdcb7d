"""A corpus of notebooks: each fault written in each idiom, beside its clean twin, graded and counted."""
