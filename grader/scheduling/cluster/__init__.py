"""Measuring on the workers of a Dask cluster: submissions travel as bytes, results come back as JSON and bytes."""
