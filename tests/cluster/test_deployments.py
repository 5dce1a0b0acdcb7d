"""The files for Slurm and Kubernetes: tried as far as that goes without either."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.cluster.test_cluster import ALONE, results
from tests.crash.classroom import GRADER, grader, write_notebook

FILES = Path(__file__).resolve().parents[2] / "grader" / "scheduling" / "cluster"
KUBERNETES = ("kubernetes.yaml", "kubernetes-plain.yaml")
CRD = "operator/deployment/helm/dask-kubernetes-operator/crds/daskcluster.yaml"

SLURM = {
    "sbatch": """#!/bin/sh
for script; do :; done
cp "$script" "$SLURM_FOLDER/script"
setsid sh "$SLURM_FOLDER/script" >"$SLURM_FOLDER/log" 2>&1 </dev/null &
echo $! >"$SLURM_FOLDER/job"
echo "Submitted batch job $!"
""",
    "scancel": """#!/bin/sh
echo "$1" >"$SLURM_FOLDER/cancelled"
kill -TERM -- "-$1"
""",
}
"""Slurm's two programs, on one machine: a job is a session of processes, its number that of the first."""


# ---------------------------------------------------------------- Slurm
@pytest.fixture
def slurm(tmp_path: Path) -> dict[str, str]:
    """An environment in which jobs can be submitted."""
    pytest.importorskip("dask_jobqueue", reason="pip install dask-jobqueue")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in SLURM.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    folder = tmp_path / "slurm"
    folder.mkdir()
    return {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "SLURM_FOLDER": str(folder)}


@pytest.mark.slow
def test_a_command_brings_its_workers_as_jobs(tmp_path: Path, slurm: dict[str, str]) -> None:
    """Jobs are submitted, grade what this machine would have graded, and are cancelled with the command."""
    write_notebook(tmp_path / "class" / "ann.ipynb", "# The work of ann", "print('ann' * 2)")
    here = grader("grade", tmp_path / "class", "--out", tmp_path / "here", *ALONE)
    assert here.returncode == 0, here.stderr
    started = [sys.executable, "-m", "grader.scheduling.cluster.slurm", "--workers", "1", "--memory", "6"]
    command = [*started, "--", "grade", tmp_path / "class", "--out", tmp_path / "there", *ALONE]
    done = subprocess.run([*map(str, command)], env=slurm, capture_output=True, text=True, timeout=240, check=False)
    folder = Path(slurm["SLURM_FOLDER"])
    assert done.returncode == 0, (done.stderr, (folder / "log").read_text())
    assert results(tmp_path / "there") == results(tmp_path / "here")
    assert (folder / "cancelled").read_text() == (folder / "job").read_text()
    script = (folder / "script").read_text()
    assert re.search(r"#SBATCH --cpus-per-task=2\n#SBATCH --mem=6G", script)
    assert "--resources MEMORY=6000000000" in script


# ---------------------------------------------------------------- Kubernetes
def documents(file: str) -> list[dict[str, Any]]:
    """What a file asks Kubernetes to make."""
    return list(yaml.safe_load_all((FILES / file).read_text(encoding="utf-8")))


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """Every pod's specification, wherever it stands."""
    if isinstance(value, Mapping):
        if "containers" in value:
            yield dict(value)
        for item in value.values():
            yield from pods(item)


@pytest.mark.parametrize("file", KUBERNETES)
def test_workers_offer_the_memory_that_they_have(file: str) -> None:
    """What Dask is told fits into what Kubernetes allows; programs are there; what is mounted is a volume."""
    known = {"dask": ("scheduler", "worker")}
    for pod in (pod for document in documents(file) for pod in pods(document)):
        (container,) = pod["containers"]
        program, what, *words = container["args"]
        assert what in known[program]
        assert Path(GRADER).with_name(program).exists(), f"{program} is in no environment with the grader's [cluster]"
        assert {item["name"] for item in container.get("volumeMounts", ())} <= {
            item["name"] for item in pod.get("volumes", ())
        }
        if what == "worker":
            offered = float(words[words.index("--resources") + 1].partition("=")[2])
            assert 0 < offered <= int(container["resources"]["limits"]["memory"].removesuffix("Gi")) * 2**30
            assert words[words.index("--nthreads") + 1] == "1"


def test_without_the_operator_everything_finds_each_other() -> None:
    """The service leads to the scheduler by its labels and named ports, and workers call it by its name."""
    made = {(item["kind"], item["metadata"]["name"]): item["spec"] for item in documents("kubernetes-plain.yaml")}
    service = made["Service", "grader-scheduler"]
    scheduler = made["Deployment", "grader-scheduler"]["template"]
    assert service["selector"].items() <= scheduler["metadata"]["labels"].items()
    ports = {port["name"] for port in scheduler["spec"]["containers"][0]["ports"]}
    assert {port["targetPort"] for port in service["ports"]} == ports
    for (kind, _), spec in made.items():
        if kind == "Deployment":
            assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    worker = made["Deployment", "grader-worker"]["template"]["spec"]
    assert "tcp://grader-scheduler:8786" in worker["containers"][0]["args"]
    assert worker["hostUsers"] is False


@pytest.mark.skipif(
    find_spec("dask_kubernetes") is None, reason="pip install --no-deps dask-kubernetes, for the operator's schema"
)
def test_the_operator_knows_every_field() -> None:
    """kubectl refuses fields that the schema of a DaskCluster has not."""
    found = find_spec("dask_kubernetes")
    assert found is not None
    assert found.submodule_search_locations is not None
    crd = yaml.safe_load((Path(found.submodule_search_locations[0]) / CRD).read_text(encoding="utf-8"))
    (version,) = crd["spec"]["versions"]
    schema = closed(version["schema"]["openAPIV3Schema"])
    schema["properties"] |= dict.fromkeys(("apiVersion", "kind", "metadata"), True)  # Kubernetes's own
    (document,) = documents("kubernetes.yaml")
    jsonschema.Draft7Validator(schema).validate(document)
    with pytest.raises(jsonschema.ValidationError, match="hostUsers"):
        jsonschema.Draft7Validator(schema).validate(
            json.loads(json.dumps(document).replace('"containers"', '"hostUsers": false, "containers"', 1))
        )


def closed(schema: Any) -> Any:
    """The schema, with no other fields than those it names."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {name: closed(item) for name, item in schema.items()}
    free = {"additionalProperties", "x-kubernetes-preserve-unknown-fields"} & schema.keys()
    return inside if "properties" not in schema or free else {**inside, "additionalProperties": False}
