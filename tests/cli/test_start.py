"""Help answers at once: it loads nothing that only running, measuring or rendering needs."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    "tensorflow", "keras", "torch", "numpy", "pandas", "scipy", "sklearn", "matplotlib", "PIL", "jinja2", "nh3",
    "nbclient", "nbformat", "jupyter_client", "IPython", "ipykernel", "cattrs", "jsonschema", "rich", "psutil",
    "httpx", "flask", "distributed", "dask", "sqlite3", "multiprocessing",
)  # fmt: skip

ASK = """
import json, sys
from click.testing import CliRunner
from grader.cli.main import COMMANDS, cli
loaded = {}
for words in ([], *([name] for name in COMMANDS)):
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0, result.output
    loaded[" ".join(words)] = sorted(name for name in json.loads(sys.argv[1]) if name in sys.modules)
print(json.dumps(loaded))
"""


def test_help_loads_nothing_heavy() -> None:
    """`grader --help`, and the help of every command, one after the other in one process."""
    result = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(HEAVY)], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert {name: loaded for name, loaded in json.loads(result.stdout).items() if loaded} == {}
