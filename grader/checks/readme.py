"""Checks of a README: six questions that it answers, and its numbers beside the measured ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from grader.checks.claims import KnownScore, known_scores
from grader.checks.observed import SCORING_CALLS, why_unseen
from grader.checks.registry import CheckFunction, Limits, Threshold, check_on_request
from grader.checks.results import metric_unit
from grader.checks.statistics import rounding
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.checks.written import Part, count_words, document_parts
from grader.model import Evidence

README = re.compile(r"^(?:read[\s_-]?me|l[eé]eme)\b", re.IGNORECASE)
WORDS = Threshold("words", 8, "an answer of fewer words names the topic and tells nothing")
NUMBER = re.compile(r"(?<![\w.,])(\d{1,3}(?:[.,]\d+)?|\.\d+)\s*(%|per ?cent|percent|por ciento)?(?![\w.]*\d)")


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a README: headings that announce its answer, and words of which a sentence answers it."""

    title: str
    heading: re.Pattern[str]
    words: re.Pattern[str]
    ask: str


QUESTIONS = {
    "readme.task": Question(
        "README: the task",
        re.compile(
            r"task|goal|problem|overview|about|purpose|what (?:is|it does)|tarea|objetivo|problema", re.IGNORECASE
        ),
        re.compile(
            r"\bpredict\w*|\bclassif\w*|\brecogni[sz]\w*|\bdetect\w*|\btells? (?:apart|whether|which)|\bestimat\w*|"
            r"\bpredi(?:ce|cen|cir)\b|\bclasific\w*|\breconoc\w*",
            re.IGNORECASE,
        ),
        "what goes in and what is predicted",
    ),
    "readme.data": Question(
        "README: the data",
        re.compile(r"\bdata|dataset|datos", re.IGNORECASE),
        re.compile(
            # "32 pictures a batch" is of the training.
            r"^(?!.*\b(?:batch|epochs?)\b).*(?:\d[\d,.]* (?:\w+ ){0,3}(?:images|pictures|photos|rows|samples|examples|"
            r"recordings|im[aá]genes|filas|fotos)\b|\bdata ?set\b.*\b(?:from|of|with|by)\b|\bconjunto de datos\b)",
            re.IGNORECASE,
        ),
        "where the data comes from, how much there is, how it was divided",
    ),
    "readme.architecture": Question(
        "README: why this architecture",
        re.compile(r"architect|model|network|approach|arquitect|modelo|\bred\b", re.IGNORECASE),
        re.compile(
            r"\b(?:because|since|so that|in order to|as (?:it|the)|due to|to (?:avoid|keep|reduce|capture|see|use)|"
            r"porque|"
            r"ya que|para (?:que|evitar))\b",
            re.IGNORECASE,
        ),
        "why this network, and not another",
    ),
    "readme.training": Question(
        "README: how it was trained",
        re.compile(r"train|setup|hyperparam|entrena|configur", re.IGNORECASE),
        re.compile(
            r"\bepochs?\b|\blearning rate\b|\bbatch(?:es| size)?\b|\badam\w*|\bsgd\b|\boptimi[sz]er\b|"
            r"\bearly stopping\b|"
            r"[eé]pocas?\b|\btasa de aprendizaje\b|\boptimizador\b|\blotes?\b",
            re.IGNORECASE,
        ),
        "optimizer, learning rate, epochs, batch size, what stopped it",
    ),
    "readme.performance": Question(
        "README: honest performance",
        re.compile(r"result|performance|score|evaluat|metric|resultado|rendimiento|evaluaci|m[eé]trica", re.IGNORECASE),
        re.compile(
            r"\baccura\w*|\bf1\b|\brecall\b|\bprecision\b|\bmae\b|\brmse\b|\bauc\b|\bexactitud\b|\bprecisi[oó]n\b|"
            r"\berror\b",
            re.IGNORECASE,
        ),
        "the test score as it was measured, and where it is weak",
    ),
    "readme.next": Question(
        "README: what next",
        re.compile(r"next|future|improve|todo|roadmap|pr[oó]xim|futuro|mejora", re.IGNORECASE),
        re.compile(
            r"\bnext\b|\bwould\b.*\b(?:try|add|collect|train|use|test)\b|\bfuture\b|\bimprove\w*|\bpr[oó]xim\w*|"
            r"\bsiguiente\b|"
            r"\bmejorar\w*",
            re.IGNORECASE,
        ),
        "what you would do next",
    ),
}


def readme_parts(evidence: Evidence) -> tuple[Part, ...]:
    """Return the README in parts; empty where there is none."""
    return document_parts(evidence, README)


def answer(parts: Iterable[Part], question: Question, fewest_words: int) -> tuple[Part, str] | None:
    """Return the first sentence that answers a question, with its part: by its own words, else under its heading."""
    found = list(parts)
    own = [part for part in found if question.heading.search(part.heading)]
    for part in (*own, *found):
        for sentence in part.sentences:
            if question.words.search(sentence) and count_words(sentence) >= fewest_words:
                return part, sentence
    long_enough = [part for part in own if part.words >= fewest_words and question.words.search(part.text)]
    return (long_enough[0], long_enough[0].sentences[0]) if long_enough else None


def missing_readme(evidence: Evidence) -> Verdict | None:
    """Return the verdict where there is no README, None where there is one."""
    if readme_parts(evidence):
        return None
    return failed(
        "There is no README beside the notebook.",
        fix="Hand in a README.md that says what the project is, on which data, how it was trained and how well it "
        "works.",
        origin="static",
    )


def _answered(question: Question) -> CheckFunction:
    def answered(evidence: Evidence, limits: Limits) -> Verdict:
        missing = missing_readme(evidence)
        if missing is not None:
            return missing
        found = answer(readme_parts(evidence), question, int(limits["words"]))
        if found is not None:
            return passed(
                f"The README tells it: “{found[1][:160]}”", origin="static", measured={"file": found[0].source}
            )
        return failed(
            f"The README does not tell {question.ask}.",
            fix=f"Add to the README {question.ask}.",
            origin="static",
            measured={"file": readme_parts(evidence)[0].source},
        )

    return answered


def _performance(evidence: Evidence, limits: Limits) -> Verdict:
    question = QUESTIONS["readme.performance"]
    missing = missing_readme(evidence)
    if missing is not None:
        return missing
    parts = readme_parts(evidence)
    said = [
        (sentence, value, digits)
        for part in parts
        for sentence in part.sentences
        if question.words.search(sentence) or question.heading.search(part.heading)
        for value, digits in scores_in(sentence)
    ]
    if not said:
        return failed(
            f"The README does not tell {question.ask}.", fix="State the test score as a number.", origin="static"
        )
    known = [item for item in known_scores(evidence) if item.role != "train" and not item.detail]
    if not known:
        reason = why_unseen(evidence, SCORING_CALLS)
        return unknown(f"The README's score could not be compared{': ' + reason if reason else ''}.", origin="static")
    told = [(sentence, value) for sentence, value, digits in said if _measured(value, digits, known, limits["slack"])]
    if told:
        sentence, value = told[0]
        return passed(f"The README's score is a measured one: “{sentence[:160]}”", measured={"stated": value})
    best = max(known, key=lambda item: item.rows)
    return failed(
        f"The README's score (“{said[0][0][:120]}”) is none that was measured: {metric_unit(best.metric, best.value)}.",
        fix="State the test score of the model that is handed in, as the notebook measures it.",
        measured={"stated": said[0][1], "measured": best.value},
    )


def scores_in(sentence: str) -> list[tuple[float, int]]:
    """Return the numbers in a sentence that may be scores: percent as shares, with the decimals they are told with."""
    found = []
    for text, percent in NUMBER.findall(sentence):
        number = float(text.replace(",", "."))
        digits = len(re.split(r"[.,]", text)[1]) if re.search(r"[.,]", text) else 0
        if percent:
            found.append((number / 100, digits + 2))
        elif digits:
            found.append((number, digits))
    return found


def _measured(value: float, digits: int, known: Iterable[KnownScore], slack: float) -> bool:
    return any(abs(value - item.value) <= slack * max(abs(item.value), 1e-9) + rounding(digits) for item in known)


for _name, _question in QUESTIONS.items():
    if _name == "readme.performance":
        check_on_request(
            _name,
            title=_question.title,
            help=f"The README tells {_question.ask}: its number is one that was measured.",
            thresholds=(Threshold("slack", 0.02, "another run of the same notebook scores within two percent of it"),),
        )(_performance)
    else:
        check_on_request(_name, title=_question.title, help=f"The README tells {_question.ask}.", thresholds=(WORDS,))(
            _answered(_question)
        )
