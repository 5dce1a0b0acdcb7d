"""Found as `pip` by Pythons that the notebook starts: `python -m pip install x` is answered by the program `pip`."""
