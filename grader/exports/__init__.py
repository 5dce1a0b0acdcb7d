"""Marks and feedback in the forms of course systems: pure functions of stored results, and of the files to fill."""
