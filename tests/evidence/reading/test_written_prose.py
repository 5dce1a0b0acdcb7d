"""Prose as a whole: plain text from markdown, language, sections, the concluding write-up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written import TRAINED, prose_of, submission

from grader.evidence.reading import read_cells, read_class_names, read_code, read_prose
from grader.evidence.reading.markdown import read_markdown
from grader.evidence.reading.sections import kind_of_heading
from grader.evidence.reading.sentences import count_words, is_template, split_sentences
from grader.model import Cell, SavedOutput, Submission

SAMPLE_CLASS = Path(__file__).resolve().parents[3] / "submissions"

ENGLISH = "The network is trained on the images of this data set, and it was not shown the test part."
SPANISH = "La red se entrena con las imágenes de este conjunto de datos y no ha visto la parte de prueba."


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("# Title\n\nSome *text* with `code` and a [link](http://a.b).", [("heading", "Title"), ("text", "Some text with code and a link.")]),
        ("- one\n- two", [("item", "one"), ("item", "two")]),
        ("a\nb", [("text", "a b")]),
        ("```python\nmodel.fit()\n```\n\n    indented code\n\nafter", [("text", "after")]),
        ("![a picture](x.png) seen", [("text", "seen")]),
        ("| m | acc |\n|---|---|\n| cnn | 0.9 |", [("row", "m: cnn, acc: 0.9")]),
        ("<h2>Head</h2>", [("heading", "Head")]),
        ("<center>middle</center>", [("text", "middle")]),
        ("**Conclusions**\n\ntext", [("heading", "Conclusions"), ("text", "text")]),
        ("an <b>html</b> word&nbsp;here", [("text", "an html word here")]),
        ("it is $91\\%$ of $n \\approx 5$", [("text", "it is 91% of n about 5")]),
        ("in\u200bvisible", [("text", "invisible")]),
        ("<script>alert(1)</script>", []),
        ("<!-- hidden --> seen", [("text", "seen")]),
    ],
)  # fmt: skip
def test_markdown_becomes_what_a_reader_sees(markdown: str, blocks: list[tuple[str, str]]) -> None:
    """Markup, code and pictures fall away; headings, items and rows keep their kind."""
    assert [(block.kind, block.text) for block in read_markdown(markdown).blocks] == blocks


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It got 91.3 percent. Good.", ["It got 91.3 percent.", "Good."]),
        ("Layers, e.g. Conv2D, help. Yes.", ["Layers, e.g. Conv2D, help.", "Yes."]),
        ("Vale aprox. 3. Fin.", ["Vale aprox. 3.", "Fin."]),
        ("1. First step", ["1. First step"]),
        ("", []),
    ],
)
def test_sentences_end_where_they_end(text: str, sentences: list[str]) -> None:
    """Decimals, abbreviations and list numbers don't end a sentence."""
    assert split_sentences(text) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "What does this layer do?", "Write your answer here.", "TODO", "Explain how the loss works.", "Your answer:",
        "Escribe tu respuesta aquí.", "Explica cada capa.", "¿Qué hace esta capa?", "You should train a CNN.", "Question 3: the data",
        "Hint: use dropout.", "...", "En esta parte deberás entrenar la red.",
    ],
)  # fmt: skip
def test_the_template_is_not_the_student(text: str) -> None:
    """Questions, instructions and placeholders are the assignment's words, and count for nothing."""
    assert is_template(text)
    assert prose_of(f"md:{text}").words == 0


@pytest.mark.parametrize(
    "text", ["The layer explains much.", "I wrote the answer.", "Reporting is hard.", "La red describe bien los datos."]
)
def test_a_students_sentence_is_not_the_template(text: str) -> None:
    """Ordinary sentences are not taken for instructions."""
    assert not is_template(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        (SPANISH, "es"),
        ("Le réseau est entraîné sur les images de ce jeu de données, et il n'a pas vu la partie de test.", "fr"),
        (
            "A rede foi treinada com as imagens deste conjunto de dados e não viu a parte de teste, mas foi muito bem.",
            "pt",
        ),
        ("Das Netz wird mit den Bildern trainiert und hat den Testteil nicht gesehen.", "de"),
        ("このネットワークは画像を分類するために訓練されました。", "ja"),
        ("Сеть обучена на изображениях и не видела тестовой части.", "ru"),
        ("it works", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_language_is_told_by_function_words(text: str, language: str) -> None:
    """English, Spanish and others are told apart; too little text is unknown."""
    assert prose_of(f"md:{text}").language == language


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Introduction", "introduction"), ("1. The data", "data"), ("Preprocesamiento de los datos", "data"), ("Build the model", "model"),
        ("La red", "model"), ("Training", "training"), ("Entrenamiento", "training"), ("Results", "evaluation"), ("Matriz de confusión", "evaluation"),
        ("Conclusions about the model", "conclusion"), ("Conclusiones", "conclusion"), ("What I learned", "conclusion"), ("Próximos pasos", "conclusion"),
        ("Write-up", "conclusion"), ("Reflexión final", "conclusion"), ("Zebra", "other"),
    ],
)  # fmt: skip
def test_headings_announce_their_section(heading: str, kind: str) -> None:
    """Heading words, English and Spanish, say what the section is; a conclusion about something is a conclusion."""
    assert kind_of_heading(heading) == kind


def test_sections_carry_their_words() -> None:
    """Words are counted without headings, code and template; sub-headings of a conclusion stay in it."""
    facts = prose_of(
        "md:# Digits of many writers\n\nWe read three digits.",
        TRAINED,
        "md:## Conclusion\n\nIt works well.\n\n### The data\n\nMore words here. What do you think?\n\n```\ncode = 1\n```",
    )
    assert [(part.kind, part.words) for part in facts.sections] == [
        ("introduction", 4),
        ("conclusion", 3),
        ("conclusion", 3),
    ]
    assert (facts.words, facts.closing_words, facts.closing_cells) == (10, 6, (2,))


CLOSING = "The network reads most digits but it confuses threes and eights often."


@pytest.mark.parametrize(
    ("cells", "closing"),
    [
        ((TRAINED, f"md:## Conclusion\n{CLOSING}"), (1,)),
        ((TRAINED, f"md:## Conclusiones\n{CLOSING}", "md:## References\nsome books of many pages and authors"), (1,)),
        ((TRAINED, f"md:{CLOSING}"), (1,)),
        ((TRAINED, f"md:### My model\n{CLOSING}"), (1,)),
        ((f"md:{CLOSING}", TRAINED), ()),
        ((TRAINED, "md:## Conclusion\nTODO", f"md:{CLOSING}"), (2,)),
        ((TRAINED, "md:## Conclusion\nTODO"), ()),
        ((f"{TRAINED}\n# {CLOSING}",), (0,)),
        ((TRAINED, f'"""{CLOSING}"""'), (1,)),
        ((TRAINED, f'print("{CLOSING}")'), (1,)),
        ((TRAINED, f"raw:{CLOSING}"), (1,)),
        ((f"# {CLOSING}", TRAINED), ()),
    ],
)
def test_the_concluding_write_up_is_found(cells: tuple[str, ...], closing: tuple[int, ...]) -> None:
    """By its heading, else by its place after the last score; in comments and strings where markdown has none."""
    assert prose_of(*cells).closing_cells == closing


def test_a_plan_in_the_conclusion_is_a_plan_and_one_before_training_is_not() -> None:
    """What comes next is only a next step once there is a result."""
    plan = "Next I would add dropout."
    topics = {item.topic for item in prose_of(TRAINED, f"md:{plan}").passages}
    assert "next_step" in topics
    assert "next_step" not in {item.topic for item in prose_of(f"md:{plan}", TRAINED).passages}


def test_an_untouched_template_earns_nothing() -> None:
    """An assignment's headings, questions and hints, with nothing filled in, hold no words of a student."""
    facts = prose_of(
        "md:# Unit 1\n\nExplain what each layer does, and why.",
        TRAINED,
        "md:## Conclusion\n\nWhat is your test accuracy?\n\nDescribe where the model fails because of similar shapes.\n\n_Write your answer here._",
    )
    assert (facts.words, facts.closing_words, facts.passages, facts.claims) == (0, 0, (), ())


def test_count_words_leaves_out_numbers_and_links() -> None:
    """Words are words: numbers, symbols and addresses are none."""
    assert count_words("It got 91.3 % on https://example.org/a/b of them - yes") == 6


FRAGMENTS = [
    "the", "model", "accuracy", "test", "91.3%", "0,91", "overfits", "not", "because", "confuses", "8s", "and", ".", ",", "?", "#", "<b>",
    "</div>", "<!--", "-->", "<![CDATA[", "next", "I", "would", "add", "dropout", "%%time", "!ls", "print(", ")", "'''", "\n", "\n\n",
    "28x28", "60/20/20", "→", "1e400", "|", "|---|", "$x$", "for", "x", "in", ":", "def f(",
]  # fmt: skip
TEXT = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="#*_`[]()<>!-|\\\n $%&;:.,'\"0123456789aeox=?~éñ\u200b\x00\x1b", max_size=200),
    st.lists(
        st.sampled_from(
            FRAGMENTS
        ),
        max_size=40,
    ).map(" ".join),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), TEXT, TEXT), max_size=4))
def test_reading_never_raises(parts: list[tuple[str, str, str]]) -> None:
    """Whatever a notebook holds, reading it gives facts: a student's text is never the grader's crash."""
    hand_in = Submission(
        "x", Path("x.ipynb"), None, "", "",
        tuple(Cell(n, kind, source, None, (SavedOutput("stream", output),)) for n, (kind, source, output) in enumerate(parts)),
    )  # fmt: skip
    cells = read_cells(hand_in, None)
    facts = read_prose(hand_in, cells)
    assert facts == read_prose(hand_in, cells)
    assert len(cells) == len(parts)
    assert all(0 <= claim.cell < len(parts) for claim in facts.claims)
    read_class_names(hand_in)


@pytest.mark.parametrize(
    "text",
    [
        "the training validation loss gap 0.9 accuracy not overfit because conv layers " * 700,
        "gap " * 12000,
        "0.91 accuracy test " * 3000,
    ],
    ids=["terms", "gaps", "numbers"],
)
def test_pasted_data_is_cut_not_chewed(text: str) -> None:
    """Text without an end is read up to the length of a long sentence: patterns never meet a page without a full stop."""
    assert all(len(item.quote) <= 400 for item in prose_of(f"md:{text}").passages)


@pytest.mark.parametrize("source", ["((" * 5000, "-" * 20000 + "1", "x = " + "[" * 500, "a." * 20000 + "b", "é\ud800"])
def test_extreme_code_is_read_without_harm(source: str) -> None:
    """Nesting and length that exhaust a parser end as a cell that does not parse."""
    hand_in = submission(source, f"# {source}", f"md:{source}")
    facts = read_code(hand_in, read_cells(hand_in, None))
    assert facts.lint_ran


def _loaded(path: Path) -> Submission:
    cells = json.loads(path.read_text())["cells"]
    read = tuple(
        Cell(
            n, cell["cell_type"], "".join(cell["source"]), None, tuple(_output(out) for out in cell.get("outputs", []))
        )
        for n, cell in enumerate(cells)
    )
    return Submission(path.parent.name, path, path.parent, "", "", read)


def _output(out: dict[str, object]) -> SavedOutput:
    data = out.get("data", {})
    text = out.get("text") or (data.get("text/plain", "") if isinstance(data, dict) else "")
    return SavedOutput(str(out["output_type"]), "".join(text) if isinstance(text, list) else str(text))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", sorted(SAMPLE_CLASS.glob("*/*.ipynb")), ids=lambda path: path.parent.name)
def test_the_sample_class_can_be_read(path: Path) -> None:
    """Every notebook of the sample class is read whole: cells, lint and words, in a language that was recognised."""
    hand_in = _loaded(path)
    cells = read_cells(hand_in, None)
    assert read_code(hand_in, cells).lint_ran
    facts = read_prose(hand_in, cells)
    assert len(cells) == len(hand_in.cells)
    assert facts.language in {"en", "es"} or facts.words < 20
    assert not [item for item in facts.passages if item.topic == "grader_address"]
