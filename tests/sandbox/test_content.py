"""The working folder's other name: notebooks from Colab write `/content/...` into their code."""

from __future__ import annotations

from tests.sandbox.conftest import RunCode, answer_of, require


def test_content_is_the_working_folder(run_code: RunCode) -> None:
    """What is written under `/content` is in the working folder, and the rest of `/` stays read-only."""
    code = """
        open("/content/made.txt", "w").write("made")
        answer([open("made.txt").read(), os.path.samefile("/content", os.curdir), refused(os.mkdir, "/contents")])
    """
    assert answer_of(run_code(require("bubblewrap"), code)) == ["made", True, "OSError"]
