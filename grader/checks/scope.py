"""Checks of what is said before the work begins: the scope, and where it may go wrong."""

from __future__ import annotations

import re

from grader.checks.data import first_training_cell
from grader.checks.observed import NOT_OURS_TO_JUDGE, why_unread
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.checks.written import Part, cells_of, document_parts, notebook_parts, saying
from grader.model import Evidence

README = re.compile(r"^(?:read[\s_-]?me|l[eé]eme|scope)\b", re.IGNORECASE)

SCOPE: dict[str, re.Pattern[str]] = {
    "task": re.compile(
        r"\bpredict\w*|\bclassif\w*|\brecogni[sz]\w*|\bdetect\w*|\bestimat\w*|\btell\w* (?:apart|whether|which)|"
        r"\btask\b|"
        r"\bdistinguish\w*|\bpredec\w*|\bclasific\w*|\breconoc\w*|\btarea\b|\bestim[ae]\w*|\bdistingu\w*",
        re.IGNORECASE,
    ),
    "data": re.compile(
        r"\bdata\b|\bdata ?sets?\b|\bimages\b|\bpictures\b|\bphotos\b|\bphotographs\b|\bsamples\b|\brows\b|"
        r"\brecordings\b|"
        r"\bexamples\b|\bdatos\b|\bim[aá]genes\b|\bfotos\b|\bfilas\b|\bmuestras\b|\bmnist\b|\bcifar",
        re.IGNORECASE,
    ),
    "metric": re.compile(
        r"\bmetrics?\b|\baccurac\w*|\bf1\b|\brecall\b|\bprecision\b|\bauc\b|\broc\b|\bmae\b|\brmse\b|\bmse\b|"
        r"\bm[eé]tricas?\b|"
        r"\bexactitud\b|\bprecisi[oó]n\b|\bsensibilidad\b|\bmean (?:absolute|squared) error\b",
        re.IGNORECASE,
    ),
    "decisions": re.compile(
        r"\bdeci(?:de\w*|sions?|d\w+|siones|si[oó]n)\b|\bused (?:to|for|by)\b|\bwill be used\b|\bsupports?\b|"
        r"\bso that\b|"
        r"\bhelps? (?:to )?\w+|\bchose\b|\bchoose\b|\bchoice\w*|\bin order to\b|\bservir[aá]?\b|\belegi\w*|\busar\w*",
        re.IGNORECASE,
    ),
    "main risk": re.compile(
        r"\brisks?\b|\brisky\b|\bdangers?\b|\bharm\w*|\bgo(?:es)? wrong\b|\bworst case\b|\bworry\b|\bconcern\w*|"
        r"\bcost of\b|"
        r"\bcould fail\b|\briesgos?\b|\bpeligro\w*|\bpreocup\w*|\bpuede fallar\b",
        re.IGNORECASE,
    ),
}
"""The parts of a scope statement, by words that each must have in a sentence of its own or of another."""
FEWEST_WORDS = 4


@check_on_request(
    "task.scope_stated",
    title="Scope stated before training",
    help="Before the first training the text states task, data, metric, decisions and the main risk.",
    thresholds=(Threshold("parts", 5, "the scope has five parts; a course may be content with fewer"),),
)
def scope_stated(evidence: Evidence, limits: Limits) -> Verdict:
    """What is to be done, on what, how it will be judged, what follows from it and what may go wrong."""
    parts = (*notebook_parts(evidence, until=first_training_cell(evidence)), *document_parts(evidence, README))
    said = {name: _first(parts, words) for name, words in SCOPE.items()}
    there = [name for name, found in said.items() if found is not None]
    missing = [name for name, found in said.items() if found is None]
    cells = cells_of(found for found in said.values() if found is not None)
    measured = {"stated": there, "missing": missing}
    if len(there) >= limits["parts"]:
        return passed(f"The scope is stated: {', '.join(there)}.", origin="static", cells=cells, measured=measured)
    if reason := why_unread(evidence.prose):
        return unknown(f"Whether the scope is stated can't be told: {reason}.", origin="static")
    if evidence.run.status in NOT_OURS_TO_JUDGE and not evidence.cells:
        return unknown("The notebook could not be read.", origin="static")
    return failed(
        f"Before the first training the scope lacks: {', '.join(missing)}.",
        fix="Begin with five sentences: what is predicted, on which data, by which metric it is judged, which "
        "decisions "
        "it serves, and what the main risk is.",
        origin="static",
        cells=cells,
        measured=measured,
    )


def _first(parts: tuple[Part, ...], words: re.Pattern[str]) -> Part | None:
    found = saying(parts, words, FEWEST_WORDS)
    if found:
        return found[0][0]
    # "Metric: F1." under a list, or a heading with its answer below, says it too.
    labelled = (part for part in parts if words.search(part.heading) and part.words >= FEWEST_WORDS)
    return next(labelled, None)
