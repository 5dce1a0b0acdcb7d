"""Which side a sentence takes on overfitting: `present`, `absent`, or `general` where it takes none."""

from __future__ import annotations

import re
from typing import Literal

from grader.evidence.reading.vocabulary import OVERFITTING

Stance = Literal["present", "absent", "general"]

_OVERFIT = r"(?:over-?\s?fit\w*|sobre-?ajust\w*|sobre-?entren\w*|memori[sz]\w*)"
_NEGATED = re.compile(
    r"\b(?:no|not|n't|without|never|nor|hardly|barely|little|isn't|doesn't|didn't|don't|wasn't|"
    r"aren't|avoids?|avoided|sin|tampoco|apenas|nunca|nada de|poco|ningún)\b"
    rf"(?:[^.;:,]|,(?! (?:but|pero))){{0,45}}?\b{_OVERFIT}"
    rf"|{_OVERFIT}\s+(?:is|was|did|does|has)\s*(?:not|n't|never)\b|{_OVERFIT} (?:no (?:es|se|hay|aparece))\b"
    rf"|(?:is|are) not (?:a|an) (?:sign|case) of {_OVERFIT}|{_OVERFIT} (?:nada|ninguno)\b",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\b(?:gap|difference|distance|brecha|diferencia)\b.{0,40}\b(?:small|tiny|close|negligible|"
    r"minimal|pequeñ\w+|mínim\w+)\b|\bgenerali[sz]\w* (?:\w+ )?(?:well|nicely|bien)\b|"
    r"generaliza (?:muy )?bien"
    r"|\b(?:small|tiny|minimal|negligible|pequeñ\w+|mínim\w+) (?:gap|difference|brecha|diferencia)\b",
    re.IGNORECASE,
)
_LARGE_GAP = re.compile(
    r"\b(?:gap|difference|distance|brecha|diferencia)\b.{0,60}\b(?:wid\w+|grow\w*|large\w*|big\w*|"
    r"opens?|increas\w+|crece|aumenta|grande)\b|\b(?:large|big|wide|growing|widening|gran|"
    r"clara) (?:gap|difference|brecha|diferencia)\b"
    r"|\b(?:doesn't|does not|didn't|did not|no) generali[sz]\w*|\bgenerali[sz]\w* (?:poorly|badly|mal)\b",
    re.IGNORECASE,
)
_CURVES_PART = re.compile(
    r"\b(?:validation|val|test)[_ ](?:loss|error)\b.{0,60}?\b(?:rises?|rose|rising|"
    r"goes (?:back )?up|went (?:back )?up|going up|grows?|grew|increas\w+|climb\w*|gets? worse|"
    r"turns? up)\b"
    r"|\btrain\w*.{0,80}?\b(?:keeps?|continu\w+|still)\b.{0,60}?\b(?:validation|"
    r"val)\b.{0,60}?\b(?:rises?|rose|goes up|went up|gets? worse|increas\w+)\b"
    r"|\b(?:pérdida|error) (?:de|en) validación\b.{0,60}?\b(?:sube|subió|aumenta|aumentó|empeora|"
    r"crece|vuelve a subir)\b",
    re.IGNORECASE,
)
"""Overfitting described by its curves, without the word."""
_NOT_RISING = re.compile(
    r"\b(?:not|n't|never|no|without|nunca|sin)\b.{0,20}\b(?:rise|rising|go up|going up|increase|"
    r"increasing|climb\w*|grow\w*|sube|subir|aumenta|aumentar)\b",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(
    r"\b(?:would|could|might|may|can|should|will|if|risk|danger|prone|tend\w*|usually|often|"
    r"generally|in general|typically|to (?:avoid|prevent|reduce|fight|limit|see|check|stop|"
    r"control|watch|detect|help|combat|keep)|avoiding|preventing|prevents?|reduc(?:es?|ing)|"
    r"against|"
    r"before|until|expect\w*|helps?|less|more|whether|how much|afraid|worr\w+|"
    r"so (?:that )?it (?:doesn't|can't|does not)|slight\w*|a (?:bit|little)|some(?:what)?|mild\w*|"
    r"minor|maybe|perhaps|possibl\w+|seems? to|"
    r"podría\w*|puede\w*|evita\w*|prevenir|previene|reduc\w+|contra|riesgo|suele\w*|si|para|"
    r"ligero|ligeramente|leve\w*|un poco|algo de|quizás?|antes|menos|más)\b",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    rf"{_OVERFIT}\s+(?:is|means?|happens?|occurs?|es|significa|ocurre|sucede)\s+(?:when|that|the|"
    rf"if|cuando|que|un|el)\b|\b(?:is|are) called {_OVERFIT}|"
    rf"(?:means?|significa\w*) (?:that )?(?:the|a|el|un) (?:model|network|modelo)",
    re.IGNORECASE,
)
_CLAUSES = re.compile(
    r"[;:]|,? (?:but|however|although|though|whereas|while|yet|so|pero|aunque|sin embargo|"
    r"mientras(?: que)?|así que)\b|, ",
    re.IGNORECASE,
)


def overfitting_stance(text: str) -> Stance | None:
    """Return the side a sentence takes, or None where it doesn't speak of overfitting.

    Only a plain statement is a side. Definitions, risks, remedies, hedges ("slight overfitting") and sentences that
    say both are `general`: a wrong side would be held against the student as a contradiction.
    """
    if not (OVERFITTING.search(text) or _CURVES_PART.search(text)):
        return None
    if _DEFINITION.search(text):
        return "general"
    stances = {stance for clause in _clauses(text) if (stance := _clause_stance(clause)) is not None}
    sides = stances - {"general"}
    if len(sides) == 1:
        return sides.pop()
    return "general" if stances else _clause_stance(text) or "general"


def _clauses(text: str) -> list[str]:
    """Split a sentence where it may change sides, but keep a curve's description whole."""
    return [text] if _CURVES_PART.search(text) else [part for part in _CLAUSES.split(text) if part.strip()]


def _clause_stance(clause: str) -> Stance | None:
    if not (OVERFITTING.search(clause) or _CURVES_PART.search(clause)):
        return None
    curves = _CURVES_PART.search(clause)
    if curves is not None:
        told = clause[: curves.end()]
        if _NOT_RISING.search(told):
            return "absent"
        return "general" if re.search(r"\b(?:if|when|would|si|cuando)\b", told, re.IGNORECASE) else "present"
    if _CONDITIONAL.search(clause):
        return "general"
    if _NEGATED.search(clause):
        return "absent"
    if _LARGE_GAP.search(clause):
        return "present"
    if _ALONE.search(clause):
        return "absent"
    return "present" if re.search(_OVERFIT, clause, re.IGNORECASE) else "general"
