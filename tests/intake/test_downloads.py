"""Downloads of course systems: each student's files together, under their own names, and whose they are."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.errors import SubmissionsNotFoundError
from grader.intake import load_submissions
from grader.intake.downloads import recognise
from grader.model import HandIn, Student, Submission, Unreadable

NOTEBOOK = nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)")]))


@pytest.fixture
def load(tmp_path: Path):
    """Write files by name (notebooks for None), as a folder or a zip archive, and read the class."""

    def read(files: dict[str, str | None], *, packed: bool = False, assignment: str = "", name: str = "class"):
        (tmp_path / "unpacked").mkdir()
        place = tmp_path / name
        if packed:
            place = tmp_path / f"{name}.zip"
            with zipfile.ZipFile(place, "w") as archive:
                for inner, text in files.items():
                    archive.writestr(inner, NOTEBOOK if text is None else text)
        else:
            for inner, text in files.items():
                (place / inner).parent.mkdir(parents=True, exist_ok=True)
                (place / inner).write_text(NOTEBOOK if text is None else text, encoding="utf-8")
        return {item.id: item for item in load_submissions(place, tmp_path / "unpacked", assignment)}

    return read


@pytest.mark.parametrize("packed", [False, True])
def test_canvas_files_come_together_per_student(load, packed):
    """Names, numbers and lateness are read; the data beside the notebook keeps its name, so that the notebook finds it."""
    found = load(
        {
            "lovelaceada_101_9001_project.ipynb": None,
            "lovelaceada_101_9002_wine data.csv": "a,b",
            "núñezjosé_LATE_102_9003_project-2.ipynb": None,
            "rossbob_103_9004_work.zip": "broken",
            "rossbob_103_9005_link.html": "an upload of that name",
        },
        packed=packed,
    )
    assert sorted(found) == ["lovelaceada_101", "núñezjosé_102", "rossbob_103"]
    ada, jose, bob = found["lovelaceada_101"], found["núñezjosé_102"], found["rossbob_103"]
    assert isinstance(ada, Submission)
    assert (ada.notebook.name, sorted(path.name for path in ada.folder.iterdir())) == (
        "project.ipynb",
        ["project.ipynb", "wine data.csv"],
    )  # type: ignore[union-attr]
    assert ada.hand_in == HandIn("canvas", (Student("lovelaceada", canvas_id="101"),))
    assert jose.hand_in == HandIn("canvas", (Student("núñezjosé", canvas_id="102"),), late=True)
    assert isinstance(bob, Unreadable)
    assert bob.hand_in.students[0].canvas_id == "103"


def test_anonymous_and_linked_canvas_hand_ins(load):
    """An anonymous one has no student; a link is refused with what to do."""
    found = load(
        {
            "anon_a1B2c_9001_project.ipynb": None,
            "ngcleo_104_link.html": '<a href="https://colab.research.google.com/drive/1x">go</a>',
        }
    )
    assert found["anon_a1B2c"].hand_in == HandIn("canvas")
    assert "colab.research.google.com/drive/1x" in found["ngcleo_104"].reason
    assert "Download .ipynb" in found["ngcleo_104"].reason


def test_files_numbered_by_people_are_no_canvas_download(load):
    """The same number behind two files, or one number for two names, is nobody's attachment."""
    assert sorted(load({"lab_1_2_ada.ipynb": None, "lab_1_2_bob.ipynb": None})) == ["lab_1_2_ada", "lab_1_2_bob"]


@pytest.mark.parametrize("packed", [False, True])
def test_moodle_folders_and_files(load, packed):
    """Folders of Moodle before and after 4.1, an online text beside the file, files without folders."""
    found = load(
        {
            "Ada Lovelace_501_assignsubmission_file_/project.ipynb": None,
            "Ada Lovelace_501_assignsubmission_file_/data/wine.csv": "a,b",
            "José Núñez_502_assignsubmission_file/project.ipynb": None,
            "Bob Ross_503_assignsubmission_onlinetext_/onlinetext.html": "see https://colab.research.google.com/drive/9",
            "Cleo Ng_504_assignsubmission_file_final.ipynb": None,
            "Cleo Ng_504_assignsubmission_onlinetext_onlinetext.html": "<p>hello</p>",
        },
        packed=packed,
    )
    assert sorted(found) == ["Ada Lovelace_501", "Bob Ross_503", "Cleo Ng_504", "José Núñez_502"]
    assert found["José Núñez_502"].hand_in == HandIn("moodle", (Student("José Núñez", moodle_id="502"),))
    assert (found["Ada Lovelace_501"].folder / "data" / "wine.csv").is_file()
    assert "colab.research.google.com/drive/9" in found["Bob Ross_503"].reason
    assert found["Cleo Ng_504"].notebook.name == "final.ipynb"


def test_blind_marking_leaves_the_number_alone(load):
    """Where all are called the same, the name tells nothing."""
    found = load({f"Participant_{number}_assignsubmission_file_/p.ipynb": None for number in (1, 2)})
    assert [item.hand_in.students[0] for item in found.values()] == [Student(moodle_id="1"), Student(moodle_id="2")]


METADATA = """---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: S1
    :email: ada@x.org
  :created_at: 2026-11-02 10:00:00.000000000 Z
  :score: 3.0
  :results: !ruby/object:Thing
    tests: []
submission_12:
  :submitters:
  - :name: Bob Ross
    :sid: 0012
    :email: bob@x.org
  - :name: Cleo Ng
    :sid:
    :email: cleo@x.org
submission_13:
  :submitters:
  - :name: Dan Oh
"""


@pytest.mark.parametrize("packed", [False, True])
def test_gradescope_exports_say_whose_they_are(load, packed):
    """Groups have several students; a submission without its folder, and a folder without a line, are not lost."""
    files = {f"assignment_9_export/submission_{number}/p.ipynb": None for number in (11, 12, 99)}
    found = load({"assignment_9_export/submission_metadata.yml": METADATA, **files}, packed=packed)
    assert sorted(found) == ["Ada Lovelace_11", "Bob Ross+Cleo Ng_12", "Dan Oh_13", "submission_99"]
    assert found["Ada Lovelace_11"].hand_in.students == (Student("Ada Lovelace", "ada@x.org", "S1"),)
    assert [one.name for one in found["Bob Ross+Cleo Ng_12"].hand_in.students] == ["Bob Ross", "Cleo Ng"]
    assert "folder isn't in the export" in found["Dan Oh_13"].reason


def test_nbgrader_s_submitted_folder(load):
    """Students are folders, the assignment the folder in them; the time is kept."""
    found = load(
        {
            "submitted/ada/ps1/p.ipynb": None,
            "submitted/ada/ps1/timestamp.txt": "2026-11-02 10:00:00 UTC\n",
            "submitted/bob/ps1/p.ipynb": None,
            "source/ps1/p.ipynb": None,
        }
    )
    assert found["ada"].hand_in == HandIn("nbgrader", (Student(login="ada"),), handed_in_at="2026-11-02 10:00:00 UTC")
    assert sorted(found) == ["ada", "bob"]


def test_of_several_assignments_one_is_named(load):
    """Which one is asked for, and who didn't hand it in is listed."""
    files: dict[str, str | None] = {"ada/ps1/p.ipynb": None, "ada/ps2/p.ipynb": None, "bob/ps1/p.ipynb": None}
    with pytest.raises(SubmissionsNotFoundError, match=r"\(ps1, ps2\): name one with --assignment"):
        load(files, name="submitted")


def test_the_named_assignment_is_read(load):
    """Bob handed in nothing for it."""
    found = load(
        {"ada/ps1/p.ipynb": None, "ada/ps2/q.ipynb": None, "bob/ps1/p.ipynb": None}, name="submitted", assignment="ps2"
    )
    assert found["ada"].notebook.name == "q.ipynb"
    assert isinstance(found["bob"], Unreadable)


def test_a_list_of_links_is_refused_with_what_to_do(tmp_path: Path):
    """Nothing is fetched from anywhere."""
    path = tmp_path / "links.csv"
    path.write_text(
        "name,link\nAda,https://colab.research.google.com/drive/1a\nBob,https://drive.google.com/file/d/2\n"
    )
    with pytest.raises(
        SubmissionsNotFoundError,
        match=r"a list of 2 links \(https://colab\S+\), and grader fetches nothing; .*Download \.ipynb",
    ):
        load_submissions(path)


NAMES = st.text(alphabet=st.sampled_from("aÁñß李O' -,.1_"), min_size=1, max_size=10)
CLASSES = st.lists(st.tuples(NAMES, st.booleans(), st.integers(1, 3)), min_size=1, max_size=6)


@given(CLASSES, st.randoms(use_true_random=False))
def test_everybody_of_any_canvas_class_is_found_with_all_files(people, random):
    """File names as Canvas makes them of any names, in any order: nobody lost, no file with somebody else."""
    expected: dict[str, set[str]] = {}
    entries = []
    for number, (name, late, files) in enumerate(people):
        plain = re.sub(r"\W", "", re.sub(r"_(\d+)_", r"\1", name).lower())
        assume(not re.search(r"\w_\d+$", plain))  # Canvas's own names are ambiguous then: a name, or a user's number
        for file in range(files):
            shown = f"work_{file}_{number}.ipynb"
            entries.append(
                Path("class") / f"{plain or 'x'}{'_LATE' * late}_{500 + number}_{9000 + 10 * number + file}_{shown}"
            )
            expected.setdefault(str(500 + number), set()).add(shown)
    random.shuffle(entries)
    found = recognise(Path("class"), entries)
    assert {item.hand_in.students[0].canvas_id: {name for name, _ in item.files} for item in found} == expected
    assert {item.hand_in.students[0].canvas_id: item.hand_in.late for item in found} == {
        str(500 + number): late for number, (_, late, _) in enumerate(people)
    }


@given(CLASSES, st.randoms(use_true_random=False))
def test_everybody_of_any_moodle_class_is_found_with_all_files(people, random):
    """The same of Moodle's names, which it cleans of underscores."""
    expected: dict[str, set[str]] = {}
    entries = []
    for number, (name, _, files) in enumerate(people):
        shown_name = name.replace("_", " ").strip() or "x"
        for file in range(files):
            entries.append(Path("class") / f"{shown_name}_{500 + number}_assignsubmission_file_work_{file}.ipynb")
            expected.setdefault(str(500 + number), set()).add(f"work_{file}.ipynb")
    random.shuffle(entries)
    found = recognise(Path("class"), entries)
    assert {item.hand_in.students[0].moodle_id: {name for name, _ in item.files} for item in found} == expected
