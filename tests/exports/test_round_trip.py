"""From Canvas's download to Canvas's gradebook by the real commands; and what of it a notebook gets to see."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from grader.cli.export import command as export
from grader.cli.grade import command as grade

SPY = r"""
import os, sys, socket
seen = [repr(dict(os.environ)), repr(sys.argv), os.getcwd(), socket.gethostname()]
for top in ("/work", "/tmp", os.path.expanduser("~"), os.getcwd(), "/dev/shm", "/run", "/var/tmp"):
    for place, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in {"site-packages", "lib", "grader", "tests", ".venv"}]
        seen += [place, *folders, *files]
        for name in files:
            try:
                if not os.path.isfile(os.path.join(place, name)):
                    continue  # a pipe would never end
                with open(os.path.join(place, name), encoding="utf-8", errors="replace") as file:
                    seen.append(file.read(100_000))
            except OSError:
                pass
for process in os.listdir("/proc"):
    if process.isdigit():
        try:
            seen += [open(f"/proc/{process}/{what}").read() for what in ("cmdline", "environ")]
        except OSError:
            pass
text = "\n".join(seen)
secrets = [bytes.fromhex(word).decode() for word in SECRETS]
print("looked at", len(text) > 1000, "found", [word for word in secrets if word in text])
print(open("wine data.csv").read())
"""

GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Project (71)\r\n    Points Possible,,,,,100.00\r\n"
    '"Lovelace, Ada",50101,S-7788,ada.lovelace,"A, B",\r\n"Lovelace, Adá",50102,S-7789,ada2,A,12.00\r\n"Ross, Bob",50103,S-7790,bross,A,\r\n'
)


@pytest.mark.slow
def test_from_canvas_to_canvas_and_nothing_of_the_roster_in_the_sandbox(tmp_path: Path):
    """Everybody's mark is in the own row, namesakes included; no name, address or number of anybody's in any run."""
    secrets = ["S-7788", "ada.lovelace@x.org", "Lovelace, Ada", "50102", "bob.ross@x.org"]
    source = f"SECRETS = {[word.encode().hex() for word in secrets]}\n{SPY}"
    notebook = nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]))
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as archive:
        for name, number, attachment in (("lovelaceada", 50101, 9001), ("lovelaceadá", 50102, 9003)):
            archive.writestr(f"{name}_{number}_{attachment}_project.ipynb", notebook)
            archive.writestr(f"{name}_{number}_{attachment + 1}_wine data.csv", f"wine,{attachment}")
        archive.writestr("rossbob_LATE_50103_link.html", "<a href='https://colab.research.google.com/drive/1'>x</a>")
    roster = tmp_path / "roster.csv"
    roster.write_text(
        'name,email,sis_id,canvas_id\n"Lovelace, Ada",ada.lovelace@x.org,S-7788,50101\n"Ross, Bob",bob.ross@x.org,S-7790,50103\nDan Oh,dan@x.org,S-1,50109\n'
    )
    out = tmp_path / "graded"
    done = CliRunner().invoke(
        grade,
        [
            str(tmp_path / "submissions.zip"),
            "--out",
            str(out),
            "--roster",
            str(roster),
            "--no-warm-start",
            "--reference-budget",
            "0",
            "--timeout",
            "100",
            "--jobs",
            "1",
        ],
    )
    assert done.exit_code == 0, done.output
    assert "Nothing handed in by 1 of the roster: Dan Oh" in done.output
    assert "Not found in the roster: lovelaceadá_50102" in done.output
    for submission, attachment in (("lovelaceada_50101", 9001), ("lovelaceadá_50102", 9003)):
        executed = (out / submission / "executed.ipynb").read_text(encoding="utf-8")
        printed = "".join(
            text for output in json.loads(executed)["cells"][0]["outputs"] for text in output.get("text", [])
        )
        assert "looked at True found []" in printed, printed
        assert f"wine,{attachment}" in printed
    listed = {
        row["id"]: row["name"] for row in csv.DictReader((out / "grades.csv").read_text(encoding="utf-8").splitlines())
    }
    assert listed == {
        "lovelaceada_50101": "Lovelace, Ada",
        "lovelaceadá_50102": "lovelaceadá",
        "rossbob_50103": "Ross, Bob",
    }
    index = (out / "index.html").read_text(encoding="utf-8")
    assert index.count(">Lovelace, Ada</span>") == 1
    assert ">lovelaceadá</span>" not in index  # its id says that already
    gradebook = tmp_path / "gradebook.csv"
    gradebook.write_bytes(GRADEBOOK.encode())
    filled = CliRunner().invoke(
        export, [str(out), "--to", "canvas", "--gradebook", str(gradebook), "--unreviewed", "include"]
    )
    assert filled.exit_code == 1  # Bob handed in a link
    assert "rossbob_50103 (Ross, Bob): has no points" in filled.output
    rows = list(csv.reader((out / "exports" / "canvas-gradebook.csv").read_text(encoding="utf-8").splitlines()))
    points = {
        name: json.loads((out / name / "grade.json").read_text())["total"]
        for name in ("lovelaceada_50101", "lovelaceadá_50102")
    }
    expected = [f"{100 * item['points'] / item['max_points']:g}" for item in points.values()]
    assert [row[5] for row in rows[2:]] == [*expected, ""]
    assert [row[:5] for row in rows] == [row[:5] for row in csv.reader(GRADEBOOK.splitlines())]

    feedback = CliRunner().invoke(export, [str(out), "--to", "feedback"])
    assert feedback.exit_code == 0, feedback.output
    with zipfile.ZipFile(out / "exports" / "feedback.zip") as archive:
        for name in archive.namelist():  # real reports, of the same name but for an accent
            text = archive.read(name).decode()
            own, others = (
                ("9001", ("9003", "50102", "Ross"))
                if name.startswith("Lovelace Ada/")
                else ("9003", ("9001", "50101", "Ross"))
            )
            if "Ross" not in name:
                assert not any(other in text for other in others), name
                assert own in text or not name.endswith("report.html")
