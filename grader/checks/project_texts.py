"""Checks of the texts of a project: README and its run command, notes on data and use, model card, plan."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grader.checks.passages import about
from grader.checks.readme import QUESTIONS, answer, missing_readme, readme_parts
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.verdicts import Verdict, failed, passed
from grader.checks.written import Part, cells_of, count_words, document_parts, notebook_parts, saying, under
from grader.model import Evidence

COMMAND = re.compile(
    r"(?<![\w/])(?:python3?|jupyter|papermill|make|bash|sh|uv run|pipenv run|poetry run|streamlit run|docker|"
    r"nbconvert)\s+"
    r"(?!is\b|and\b|or\b|with\b|version)[\w./-]+|\./\w[\w.-]*\.sh",
    re.IGNORECASE,
)
AS_CODE = re.compile(r"`([^`\n]+)`|^\s*\$\s*(\S.*)$|^(?: {4}|\t)(\S.*)$|^\s*(python3? .*|jupyter .*)$", re.MULTILINE)
"""Code in a text: between backticks, behind a prompt, indented, or a line of its own."""
DATA_FILE = re.compile(r"data|datos", re.IGNORECASE)
CARD_FILE = re.compile(r"model[\s_-]*card|ficha", re.IGNORECASE)
CARD_PARTS = {
    "use": re.compile(r"intended|use[ds]?\b|purpose|uso\b", re.IGNORECASE),
    "data": re.compile(r"\bdata|trained on|photos|pictures|images|datos|fotos", re.IGNORECASE),
    "results": re.compile(r"accura|f1|recall|precision|metric|result|performance|exactitud|resultado", re.IGNORECASE),
    "limits": re.compile(
        r"limit|fail|weak|not (?:for|be)|risk|bias|should not|caveat|riesgo|sesgo|falla", re.IGNORECASE
    ),
}
RESPONSIBLE = re.compile(
    r"responsib|ethic|privacy|consent|\bbias|misus|harm|should not be used|must not be used|not (?:be )?(?:intended|"
    r"meant|used)"
    r" (?:for|to)|surveil|fairness|human (?:review|check)|responsab|[eé]tic|privacidad|sesgo|consentimiento|mal uso",
    re.IGNORECASE,
)
PLAN = re.compile(r"next|plan|future|improve|roadmap|todo|pr[oó]xim|futuro|mejora", re.IGNORECASE)
PLANNED = re.compile(
    r"\bnext\b|\bwould\b|\bwill\b|\bplan\b|\btry\b|\badd\b|\bcollect\b|\btrain\b|\bpr[oó]xim|\bprobar|\bañadir|"
    r"\bmejorar",
    re.IGNORECASE,
)
FAILURE = re.compile(
    r"\bbecause\b|\bsince\b|\bdue to\b|\bas (?:the|most|it|these|those)\b|\bwrong\b|\bfail\w*|\bconfus\w*|\bmist\w+|"
    r"\berrors?\b|"
    r"\bmiss(?:es|ed)\b|\bporque\b|\bya que\b|\bfall\w+|\bconfund\w*|\bequivoc\w*",
    re.IGNORECASE,
)


@check_on_request(
    "project.readme",
    title="README",
    help="The project holds a README that says something.",
    thresholds=(Threshold("words", 30, "a title and a sentence tell nobody what the project is"),),
)
def readme(evidence: Evidence, limits: Limits) -> Verdict:
    """There is a README to begin with."""
    missing = missing_readme(evidence)
    if missing is not None:
        return missing
    parts = readme_parts(evidence)
    words = sum(part.words for part in parts)
    measured = {"file": parts[0].source, "words": words}
    if words >= limits["words"]:
        return passed(f"{parts[0].source} has {words} words.", origin="static", measured=measured)
    return failed(
        f"{parts[0].source} has only {words} words.",
        fix="Say what the project is, on which data, how it is run and how well it works.",
        origin="static",
        measured=measured,
    )


@check_on_request(
    "project.run_command",
    title="Run command",
    help="The README (or another document) gives the command that runs the project.",
)
def run_command(evidence: Evidence, _limits: Limits) -> Verdict:
    """Whoever has the folder knows how to run it."""
    for part in document_parts(evidence):
        lines = [part.code, *(line for found in AS_CODE.findall(part.text) for line in found)]
        match = next(filter(None, map(COMMAND.search, lines)), None)
        if match is not None:
            return passed(
                f"{part.source} gives the command: {match[0]}.", origin="static", measured={"command": match[0]}
            )
    return failed(
        "No document gives the command that runs the project.",
        fix="Add to the README a block with the command: python train.py, or jupyter nbconvert --execute "
        "project.ipynb.",
        origin="static",
    )


@check_on_request(
    "project.dataset_note",
    title="Note on the data",
    help="A document tells where the data comes from, how much there is and how it was divided.",
    thresholds=(Threshold("words", 8, "a name alone does not say what the data is"),),
)
def dataset_note(evidence: Evidence, limits: Limits) -> Verdict:
    """What the data is, is told."""
    found = answer(document_parts(evidence), QUESTIONS["readme.data"], int(limits["words"]))
    own = [part for part in document_parts(evidence, DATA_FILE) if part.words >= limits["words"]]
    if found is not None or own:
        part, told = found if found is not None else (own[0], own[0].sentences[0])
        return passed(f"{part.source} tells of the data: “{told[:160]}”", origin="static")
    return failed(
        "No document tells what the data is.",
        fix="Say where the data comes from, how many rows of which classes there are, and how they were divided.",
        origin="static",
    )


@check_on_request(
    "project.model_card",
    title="Model card",
    help="A document of its own or a part of another tells intended use, data, results and limits of the model.",
    thresholds=(
        Threshold("words", 30, "use, data, results and limits take a sentence each at least"),
        Threshold("parts", 3, "of use, data, results and limits one may be told elsewhere"),
    ),
)
def model_card(evidence: Evidence, limits: Limits) -> Verdict:
    """Who takes the model knows what it is for, and what it is not for."""
    everything = (*document_parts(evidence), *notebook_parts(evidence))
    card = list(document_parts(evidence, CARD_FILE)) or _with_following(everything, CARD_FILE)
    if not card:
        return failed(
            "There is no model card.",
            fix="Write MODEL_CARD.md: intended use, training data, results with their rows, limits.",
            origin="static",
        )
    text = " ".join(f"{part.heading}. {part.text}" for part in card)
    there = [name for name, words in CARD_PARTS.items() if words.search(text)]
    words = count_words(text)
    measured = {"words": words, "tells": there}
    if words >= limits["words"] and len(there) >= limits["parts"]:
        return passed(
            f"The model card tells of {', '.join(there)}.", origin="static", cells=cells_of(card), measured=measured
        )
    missing = [name for name in CARD_PARTS if name not in there]
    return failed(
        f"The model card lacks {', '.join(missing)}." if missing else f"The model card has only {words} words.",
        fix="Tell intended use, training data, results with their rows, and limits.",
        origin="static",
        cells=cells_of(card),
        measured=measured,
    )


@check_on_request(
    "project.responsible_use",
    title="Note on responsible use",
    help="A text says what the model must not be used for, or whose rights its use touches.",
    thresholds=(Threshold("words", 12, "fewer words name the topic only"),),
)
def responsible_use(evidence: Evidence, limits: Limits) -> Verdict:
    """What could be done to people with it was thought of."""
    everything = (*document_parts(evidence), *notebook_parts(evidence))
    own = [part for part in under(everything, RESPONSIBLE) if part.words >= limits["words"]]
    said = saying(everything, RESPONSIBLE, 6)
    words = sum(count_words(sentence) for _, sentence in said)
    if own or words >= limits["words"]:
        part, told = (own[0], own[0].sentences[0]) if own else said[0]
        return passed(f"Responsible use is spoken of: “{told[:160]}”", origin="static", cells=cells_of([part]))
    return failed(
        "Nothing is said of responsible use.",
        fix="Say what the model must not be used for, whose photos it was trained on, and when a person must look.",
        origin="static",
    )


@check_on_request(
    "project.next_step_plan",
    title="Plan of the next step",
    help="A document or the notebook's conclusion tells what will be done next.",
    thresholds=(Threshold("words", 8, "a plan of fewer words names a direction and no step"),),
)
def next_step_plan(evidence: Evidence, limits: Limits) -> Verdict:
    """What comes next is planned."""
    planned = _plans(evidence, int(limits["words"]))
    if planned:
        part, told = planned[0]
        return passed(f"The next step is planned: “{told[:160]}”", origin="static", cells=cells_of([part]))
    steps = [item for item in about(evidence, "next_step") if item.strength == "explained"]
    if steps:
        return passed(f"The next step is planned: “{steps[0].quote[:160]}”", origin="static", cells=[steps[0].cell])
    return failed(
        "No next step is planned.",
        fix="Write down what you will do next, and by which number you will tell whether it helped.",
        origin="static",
    )


@check_on_request(
    "project.next_step_justified",
    title="Next step justified by the failures",
    help="What comes next follows from a failure that was seen, in the same sentence or the one before.",
)
def next_step_justified(evidence: Evidence, _limits: Limits) -> Verdict:
    """The plan answers the failures."""
    reasons = about(evidence, "next_step_reason")
    if reasons:
        return passed(
            f"The next step follows from a failure: “{reasons[0].quote[:160]}”",
            origin="static",
            cells=[reasons[0].cell],
        )
    for part in (*document_parts(evidence), *notebook_parts(evidence)):
        told = part.sentences
        for place, sentence in enumerate(told):
            before = told[place - 1] if place else ""
            plans = PLANNED.search(sentence) and (PLAN.search(part.heading) or PLAN.search(sentence))
            if plans and (FAILURE.search(sentence) or FAILURE.search(before)):
                return passed(
                    f"The next step follows from a failure: “{sentence[:160]}”", origin="static", cells=cells_of([part])
                )
    planned = _plans(evidence, 4)
    return failed(
        "The next step is not tied to a failure that was seen." if planned else "No next step is told.",
        fix="Begin with the failure: because most wrong answers are of ..., next I will ...",
        origin="static",
        cells=cells_of(part for part, _ in planned),
    )


def _plans(evidence: Evidence, fewest_words: int) -> list[tuple[Part, str]]:
    """Return the sentences of parts whose heading announces a plan, and those that speak of the next step."""
    everything = (*document_parts(evidence), *notebook_parts(evidence))
    announced = [
        (part, sentence)
        for part in under(everything, PLAN)
        for sentence in part.sentences
        if PLANNED.search(sentence) and count_words(sentence) >= fewest_words
    ]
    spoken = [
        item
        for item in saying(everything, PLANNED, fewest_words)
        if re.search(r"\bnext\b|pr[oó]xim", item[1], re.IGNORECASE)
    ]
    return announced or spoken


def _with_following(parts: Iterable[Part], heading: re.Pattern[str]) -> list[Part]:
    """Return the part under such a heading and those after it in the same text: a card has headings of its own."""
    found: list[Part] = []
    for part in parts:
        if heading.search(part.heading) or (found and part.source == found[0].source and part.cell == found[0].cell):
            found.append(part)
    return found
