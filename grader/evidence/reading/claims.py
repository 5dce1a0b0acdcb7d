"""Numbers a student states: which metric, of which rows, about which model.

Precision before recall: a number that can't be placed is left out, and a split that can't be placed is `unstated`,
because a claim that is misread would be held against the student as untrue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from grader.evidence.reading.mentions import mentioned_classes
from grader.evidence.reading.numbers import Number, read_numbers
from grader.model.evidence import NumberClaim

Split = Literal["train", "validation", "test", "unstated"]
Where = Literal["prose", "comment", "saved_output", "rerun_output"]

MAX_QUOTE = 400
SEVERAL = "several"
"""Subject of figures of the same metric and rows that one sentence puts side by side: "0.92, then 0.95, then 0.97"."""
_SPLITS = re.compile(
    r"(?P<validation>\b(?:validation|validación|validacion|val|dev)(?:_|\b))"
    r"|(?P<test>\b(?:test|held[- ]?out|holdout|unseen|never (?:seen|saw)|prueba|testeo|not? ha(?:bía|n)? visto|new (?:images|digits|data))(?:_|\b))"
    r"|(?P<train>\b(?:training|train|entrenamiento)(?:_|\b))",
    re.IGNORECASE,
)
_TRAINING_AS_ACTIVITY = re.compile(
    r"^(?:training|train|entrenamiento)\b(?! (?:and|or|y|vs\.?|versus|was|is|were|got|gets|reached|gave|had)\b)"
    r"(?![_ ]?(?:accuracy|acc|loss|error|score|set|data|split|images|rows|samples|examples|curve|mae|rmse|mse|r2|f1|part|partition)|\s*[:=,)]|\s*(?:is |was |of |at )?(?:about |around )?\d)(?!$)",
    re.IGNORECASE,
)
"""`training` where it is what was done ("training took 10 s", "after training"), not the rows it was done on."""
_ROWS_BEFORE = re.compile(r"(?:accuracy|loss|error|score|mae|rmse|pérdida|exactitud|precisión|conjunto|datos) (?:de|del|en|on|in|of|for) (?:el |la |the )?$", re.IGNORECASE)  # fmt: skip
_METRICS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("learning_rate", r"\b(?:learning[ _-]rate|lr|tasa de aprendizaje|ratio de aprendizaje)\b"),
        ("dropout", r"\bdropout\b"),
        ("batch_size", r"\b(?:batch[ _-]?size|batches of|tamaño de(?:l)? lote|lotes de)\b"),
        ("parameters", r"\b(?:parameters|params|parámetros|weights)\b"),
        ("epochs", r"\b(?:epochs|épocas)\b"),
        ("rmse", r"\b(?:rmse|root mean squared? error)\b"),
        ("mae", r"\b(?:mae|mean absolute error|error (?:medio absoluto|absoluto medio)|average error|off by|se equivoca por)\b"),
        ("mse", r"\b(?:mse|mean squared error|error cuadrático medio)\b"),
        ("r2", r"(?:\br2(?:[ _]score)?\b|\br²|\br\^2|\bcoefficient of determination\b)"),
        ("f1", r"\bf1(?:[-_ ]?score)?\b"),
        ("balanced_accuracy", r"\bbalanced accuracy\b"),
        ("top_k_accuracy", r"\btop[- ]?[2-9]\b"),
        ("recall", r"\b(?:recall|sensitivity|sensibilidad|exhaustividad)\b"),
        ("precision", r"\bprecision\b"),
        ("accuracy", r"(?<![a-z])(?:accurac(?:y|ies)|acc|accurate|exactitud|precisión|precisión global|aciertos?|acierta|tasa de acierto|classified correctly|correctly classified|correct|correctly|right|correctamente|bien clasificad\w+)(?![a-z])"),
        ("loss", r"(?<![a-z])(?:loss|pérdida|cross[- ]entropy)(?![a-z])"),
        ("error", r"\b(?:error rate|test error|tasa de error|error|wrong|incorrect\w*|misclassif\w+)\b"),
    )
)  # fmt: skip
"""Words of each metric, the more specific first: where two words overlap, the first metric has it."""
_SHARES = frozenset({"accuracy", "balanced_accuracy", "top_k_accuracy", "error", "recall", "precision", "f1", "dropout"})
_ERRORS = frozenset({"loss", "mae", "mse", "rmse", "r2"})
_COUNTS = frozenset({"epochs", "parameters", "batch_size"})
_HYPOTHETICAL = re.compile(
    r"\b(?:would|could|might|should|may|goal|target|aim\w*|hope[ds]?|hoping|expect\w*|want(?:ed)?|wish\w*|if|future|next|perhaps|maybe|published|literature|papers?|state[- ]of[- ]the[- ]art|sota|benchmarks?|leaderboard|kaggle|others|people|"
    r"typical\w*|usually|ideally|unless|at best|plan\w*|improve (?:it |this |that |the \w+ )?(?:to|by|from)|improving|increase (?:it )?to|raise (?:it )?to|get (?:it )?(?:up )?to|push\w* (?:it )?to|example|e\.g\.|suppose|imagine|guess(?:ed)?|"
    r"podría\w*|debería\w*|objetivo|meta|esperaba\w*|espero|esperar|quería\w*|quisiera\w*|quiero|ojalá|si|futuro|próxim\w+|estado del arte|artículos?|literatura|mejorar (?:hasta|a)|subir (?:hasta|a)|llegar (?:a|hasta)|normalmente|\w+(?:aría|ería|iría)\w*|supón|ejemplo)\b|(?:i|it|they|we)['’]d\b",
    re.IGNORECASE,
)
"""Wishes, plans, other people's results: nothing that was measured here."""
_ON_THE_WAY = re.compile(
    r"\b(?:(?:in|after|at|by|from) (?:the |only )?(?:first|second|third|early|one|two)(?: \w+)? epochs?\b|(?:first|early|initial|earlier) epochs?\b|(?:at|after|by|from|in|until) epoch (?:number )?\d+|at the (?:start|beginning)|initially|starts? at|started at|"
    r"primeras? épocas?|(?:en|tras|después de|desde) la (?:época|primera)|al principio|al inicio|empieza en)\b",
    re.IGNORECASE,
)
"""A point of the curve on the way, which the final figures say nothing about."""
_CHANGE = re.compile(
    r"^\s*(?:percentage )?(?:points?|puntos?|better|worse|more|less|higher|lower|improvement|increase|decrease|drop|gap|difference|gain|change|mejor|peor|más|menos|de (?:mejora|diferencia))\b",
    re.IGNORECASE,
)
_CHANGE_BEFORE = re.compile(r"\b(?:by|por|improv\w+ of|gap of|difference of|drop of|increase of|gain of|within|diferencia de|mejora de|margin of|confidence of|probability of|sure|threshold of|baja|sube|mejora) (?:about |only |just |around |un )?$", re.IGNORECASE)  # fmt: skip
_OTHER_SHARE_AFTER = re.compile(
    r"^\s*(?:of|de|del|for|para|as|como|is|are|was|were|se|on)\s+(?:the |all |los |las |la |my |our |mis )?(?:original |whole |full |total |labelled |training )?"
    r"(?:data(?:set)?|rows?|images?|im[aá]genes?|examples?|ejemplos?|samples?|muestras?|datos|filas|training|train|testing|test\b(?! (?:set|accuracy|images|data|rows|examples|digits))|validation|validación|prueba|entrenamiento|units|neurons|neuronas|unidades|time|tiempo|pixels|píxeles|errors?|errores|mistakes)"
    r"|^\s*(?:train\w*|test\w*|validation|validación|entrenamiento|prueba|split|confiden\w+|sure|certain|probability|probabilidad|confianza|seguro|más)\b(?! (?:accuracy|acc|set))"
    r"|^\s*(?:of|de) (?:the )?(?:training|validation|test) (?:rows|images|data|set|examples|digits)\b(?=.{0,30}(?:kept|used|put|set|reserved|held))",
    re.IGNORECASE,
)
_SPLITTING = re.compile(r"\b(?:split|hold out|held back|set aside|put (?:aside|away)|reserv\w+|test_size|validation_split|train_test_split|divid\w+|partition\w*|separ\w+|used? (?:as|for) (?:validation|testing|training|test)|para (?:validación|entrenar|probar|prueba|test)|guard\w+|apart\w+|kept (?:aside|for)|confiden\w+|probabilit\w+|confianza|threshold|sure|zoom|rotat\w+|shift\w*|balanced?\b(?! acc)|duplicates?|missing|duplicad\w+|desbalance\w*)\b", re.IGNORECASE)  # fmt: skip
_RESULT_VERB = re.compile(r"\b(?:gets?|got|getting|reach\w*|scor(?:es?|ed|ing)|achiev\w+|obtain\w*|has|had|gave|gives|manages?|attain\w*|end(?:s|ed)? (?:up )?(?:at|with)|lands?|came|hits?|finished|obt(?:iene|uve|uvo|enemos|uvimos|engo)|alcanz\w+|logr\w+|consigu\w+|consegu\w+|lleg[óau]\w*|saca|sacó|da|dio|quedó)\b", re.IGNORECASE)  # fmt: skip
_BASELINE = re.compile(r"\b(?:chance|random(?:ly)?(?! forest)|guess(?:ing|es)?|always (?:answer|predict|say)\w*|majority|commonest|most (?:common|frequent)|dummy|al azar|azar|siempre|clase mayoritaria)\b", re.IGNORECASE)  # fmt: skip
_SUBJECTS = re.compile(
    r"\b(?:(?P<linear>linear(?: model| baseline| regression)?|logistic(?: regression)?|regresión (?:lineal|logística)|modelo lineal)|(?P<dense>dense(?! layers?)(?: net\w*| model| baseline| version)?|mlp|fully[- ]connected|perceptr\w+|(?:red|modelo|versión) densa?o?)"
    r"|(?P<cnn>cnn|conv\w* ?nets?|convolutional(?: net\w*| model)?|red(?:es)? convoluci\w+)|(?P<baseline>baseline|línea base)|(?P<forest>random forest|svm|svc|knn|k-nn|decision tree|xgboost|bosque aleatorio)"
    r"|(?P<pretrained>vgg\d*|resnet\w*|mobilenet\w*|efficientnet\w*|inception\w*|xception|densenet\w*)|(?P<numbered>(?:model|modelo|network|red|experiment|candidate|version) (?:[a-d]\b|\d+|one|two|uno|dos))|(?P<other>(?:first|second|third|previous|old|smaller|bigger|larger|deeper|simpler|primer|segundo|anterior) (?:model|network|net|version|one|attempt|modelo|red|versión|intento))|(?P<variant>(?:with|without|sin|con) (?:dropout|augmentation|batch ?norm\w*|regulari[sz]ation|early stopping|aumento|regularización)))\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r";|\.\s|,? (?:but|while|whereas|however|although|though|compared (?:to|with)|versus|vs\.?|than|against|pero|mientras(?: que)?|aunque|frente a|que el|que la)\b|, (?=the |el |la |it |and (?:the|my) |y (?:el|la) )", re.IGNORECASE)  # fmt: skip
_EPOCHS_TRAINED = re.compile(r"\b(?:trained|training (?:for|is|was|ran|took|with)|trains?|ran|run|used?|using|fit(?:ted)?|entren(?:é|ó|ado|amos|amiento|ar|a)|usé|stopped (?:at|itself)|goes)\b", re.IGNORECASE)  # fmt: skip
_EPOCHS_POINT = re.compile(r"\b(?:after|from|until|by|first|last|past|every|each|patience|wait\w*|around epoch|within|next|another|more|in|about epoch|epoch|época|tras|después de|primeras|últimas|cada|desde|hasta|a partir de|the|only|best)\s+(?:the\s+)?(?:about |around |first |last |unas )?$", re.IGNORECASE)  # fmt: skip
_BARE_AFTER_LABEL = re.compile(r"(?:accuracy|acc|exactitud|precisión)(?: \w+){0,4}?\s*(?:of|is|was|=|:|at|reached|de|es|fue|del)\s*(?:about|around|almost|nearly|over|just|casi|un|~|≈|\s)*$", re.IGNORECASE)  # fmt: skip
_ON_ROWS = re.compile(
    r"%?\s*(?:on|in|over|for|en|with|sobre) (?:the |my |el |la |los |las |our )?(?:\w+ )?(?:test|training|train|validation|val|unseen|held[- ]?out|prueba|validación|entrenamiento)\b"
    r"|\b(?:test|train|training|validation|val|prueba|validación|entrenamiento)(?: set| data)?\s*[:=(]?\s*(?:about |was |is |a )?\d",
    re.IGNORECASE,
)
"""A number said of rows: "97 % on the test part", "train 99 %"."""
_READ_SHARE = re.compile(r"\b(?:reads|recogni[sz]es|classifies|identifies|labels|gets|clasifica|reconoce|acierta(?: en)?|identifica)(?: correctly| right| correctamente)?(?: about| around| almost| over| nearly| casi| el| un)*\s*$", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    start: int
    numbers: tuple[Number, ...]


def read_claims(text: str, cell: int, where: Where, class_names: tuple[str, ...] = ()) -> tuple[NumberClaim, ...]:
    """Return the numbers that one sentence states as measured or set. Wishes, shares of rows and changes are none."""
    numbers = read_numbers(text)
    if not numbers:
        return ()
    if _are_shares_of_whole(text, numbers):
        return ()
    metrics = {number: metric for clause in _clauses(text, numbers) for number, metric in _placed(clause, text, class_names)}
    metrics = _marked_several(metrics, _splits_of(text, tuple(number for number in numbers if number in metrics)))
    splits = _splits_of(text, tuple(number for number in numbers if number in metrics))
    return tuple(
        _claim(metrics[number], number, splits[number], text, cell, where)
        for number in numbers
        if number in metrics
    )


def _marked_several(metrics: dict[Number, tuple[str, str]], splits: dict[Number, Split]) -> dict[Number, tuple[str, str]]:
    """Mark figures of one metric, one split and no named model that stand side by side: at most one is the final one."""
    keys = [(metric, splits[number]) for number, metric in metrics.items() if not metric[1]]
    return {
        number: (metric[0], SEVERAL) if not metric[1] and metric[0] not in _COUNTS and keys.count((metric, splits[number])) > 1 else metric
        for number, metric in metrics.items()
    }


def _are_shares_of_whole(text: str, numbers: tuple[Number, ...]) -> bool:
    """Whether the percentages divide something up (60 %, 20 % and 20 %): they add up to 100, and no score is named."""
    shares = [number.value for number in numbers if number.percent]
    return len(shares) >= 2 and abs(sum(shares) - 100) < 0.5 and not re.search(r"accura|\bacc\b|exactitud|error", text, re.IGNORECASE)


def _claim(metric: tuple[str, str], number: Number, split: Split, text: str, cell: int, where: Where) -> NumberClaim:
    name, subject = metric
    value, digits = number.value, number.decimals
    base = name.removeprefix("class_").removeprefix("baseline_")
    if base in _SHARES and (number.percent or value > 1):
        value, digits = round(value / 100, 10), digits + 2
    split = "unstated" if base in _COUNTS or base in {"dropout", "learning_rate"} else split
    return NumberClaim(name, value, split, text[:MAX_QUOTE], cell, where, digits, number.approximate, subject=subject)


def _clauses(text: str, numbers: tuple[Number, ...]) -> list[_Clause]:
    borders = [0, *(match.start() for match in _CLAUSE.finditer(text)), len(text)]
    return [
        _Clause(text[start:end], start, tuple(number for number in numbers if start <= number.start < end))
        for start, end in pairwise(borders)
    ]


def _placed(clause: _Clause, text: str, class_names: tuple[str, ...]) -> list[tuple[Number, tuple[str, str]]]:
    """Return each number of a clause that is a claim, with its metric and the model it speaks of."""
    if _HYPOTHETICAL.search(clause.text) or _ON_THE_WAY.search(clause.text):
        return []
    subject = _subject(clause.text)
    placed: list[tuple[Number, tuple[str, str]]] = []
    for number in clause.numbers:
        metric = _metric(number, clause, text)
        if metric is None or not _is_plausible(metric, number, clause):
            continue
        placed.append((number, (_qualified(metric, clause.text, class_names), subject)))
    return placed


def _qualified(metric: str, clause: str, class_names: tuple[str, ...]) -> str:
    """Mark figures of one class, and of guessing: they are not the model's score."""
    if metric in _COUNTS or metric in {"dropout", "learning_rate", "loss"}:
        return metric
    if _BASELINE.search(clause):
        return f"baseline_{metric}"
    if metric not in _SHARES:
        return metric
    per_class = re.search(r"\b(?:class|clase|digit|dígito|label)s? (?:\d+|[\"'])|\b(?:weak|worst|lowest|hardest|peor)\w*|\bper[- ]class\b|\bpor clase\b", clause, re.IGNORECASE)
    return f"class_{metric}" if per_class or mentioned_classes(clause, class_names) else metric


def _subject(clause: str) -> str:
    found = [(match.lastgroup or "", match[0].lower()) for match in _SUBJECTS.finditer(clause)]
    if not found:
        return ""
    group, text = found[0]
    return text if group in {"numbered", "other", "variant", "pretrained", "forest"} else group


def _metric(number: Number, clause: _Clause, text: str) -> str | None:
    """Return the metric whose words stand nearest the number, in its clause first, else the sentence's only one."""
    start = number.start - clause.start
    end = number.end - clause.start
    if number.percent and (_CHANGE.match(clause.text[end:]) or _CHANGE_BEFORE.search(clause.text[:start])):
        return None
    near = _nearest(clause.text, start, end)
    if near is not None:
        return near
    everywhere = {name for name, _, _ in _metric_words(text)} - _COUNTS - {"dropout", "learning_rate"}
    fits = number.percent or (0 < number.value <= 1 and number.decimals >= 2)
    said_before = bool(_metric_words(text[: number.start]))
    if len(everywhere) == 1 and fits and (number.percent or said_before) and _names_result(clause.text):
        return everywhere.pop()
    if not everywhere and number.percent and (_names_result(clause.text) or _READ_SHARE.search(clause.text[:start])):
        return "accuracy"
    return None


def _names_result(clause: str) -> bool:
    return bool(_RESULT_VERB.search(clause) or _ON_ROWS.search(clause))


def _metric_words(text: str) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for name, pattern in _METRICS:
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for _, start, end in found):
                found.append((name, match.start(), match.end()))
    return sorted(found, key=lambda item: item[1])


def _nearest(clause: str, start: int, end: int) -> str | None:
    """Return the metric nearest to a number. A word right before it wins over one after: `accuracy 0.91 loss 0.3`."""
    best: tuple[float, str] | None = None
    for name, left, right in _metric_words(clause):
        if right <= start:
            between, weight = clause[right:start], 1.0
            if name in _ERRORS and "," in between:
                continue
        elif left >= end:
            between, weight = clause[end:left], 1.2
            if not _follows_directly(between) and not (name == "accuracy" and _tells_right(clause[end:right])):
                continue
        else:
            continue
        # Another number in between has the better right to the word.
        distance = weight * len(between) + 40 * len(re.findall(r"\d+(?:[.,]\d+)?", between))
        if best is None or distance < best[0]:
            best = (distance, name)
    return best[1] if best is not None else None


def _tells_right(after: str) -> bool:
    """Whether what follows a number is "of the test images are classified correctly", with no other number in it."""
    return len(after) <= 90 and re.fullmatch(r"\s*%?\s*(?:of|de|del|were|are|se|is)\b(?: the| all| los| las)*(?: \d+)?[^\d;:]*(?:correct\w*|right|acierta|aciertos|correctly classified)", after, re.IGNORECASE) is not None  # fmt: skip


def _follows_directly(between: str) -> bool:
    return re.fullmatch(r"\s*(?:of |de |test |training |train |validation |val |overall |the |are |were |is |in )*", between) is not None


def _is_plausible(metric: str, number: Number, clause: _Clause) -> bool:
    before = clause.text[: number.start - clause.start]
    after = clause.text[number.end - clause.start :]
    if metric in _COUNTS:
        return _is_count(metric, number, before, after, clause.text)
    if metric == "dropout":
        return 0 < number.value < 1 or (number.percent and number.value < 100)
    if metric == "learning_rate":
        return 0 < number.value < 1 and not number.percent
    if metric in _SHARES:
        return _is_share(metric, number, before, after, clause.text)
    if re.match(r"\s*(?:epochs?|épocas?|images?|layers?|classes|times|seconds)\b", after, re.IGNORECASE) or _is_epoch(before):
        return False
    return not number.percent and (number.decimals > 0 or metric in {"mae", "rmse", "mse"})


def _is_epoch(before: str) -> bool:
    return re.search(r"\b(?:epochs?|épocas?|fold|step|run|seed|cell|figure|fig\.?|table|section|part|class|clase|digit|dígito|top)\s*#?$", before, re.IGNORECASE) is not None


def _is_share(metric: str, number: Number, before: str, after: str, clause: str) -> bool:
    if _is_epoch(before) or re.search(r"\b(?:loss|pérdida)\W*(?:of|is|was|de)?\W*$", before, re.IGNORECASE):
        return False
    if number.percent:
        if number.value > 100 or _SPLITTING.search(clause):
            return False
        if _READ_SHARE.search(before):
            return True
        if metric != "error" and re.search(r"\b(?:correct\w*|right|aciert\w+|acert\w+|bien)\b", after[:80], re.IGNORECASE):
            return True
        return not _OTHER_SHARE_AFTER.match(after) or bool(re.search(r"accurac|\bacc\b|exactitud|precisión", before, re.IGNORECASE))
    if 0 <= number.value <= 1 and number.decimals >= 1:
        return True
    bare = 20 <= number.value <= 100 and metric in {"accuracy"} and not re.match(r"\s*(?:\w+s\b|of\b|out\b|de\b|/)", after)
    return bare and bool(_BARE_AFTER_LABEL.search(before))


def _is_count(metric: str, number: Number, before: str, after: str, clause: str) -> bool:
    if number.percent or number.decimals and number.value < 1000:
        return False
    if metric == "epochs":
        directly = re.match(r"\s*(?:full |training )?(?:epochs|épocas)\b", after, re.IGNORECASE)
        return bool(directly and _EPOCHS_TRAINED.search(clause) and not _EPOCHS_POINT.search(before))
    if metric == "parameters":
        return bool(re.match(r"\s*(?:\w+ ){0,2}?(?:parameters|params|parámetros|weights)\b", after, re.IGNORECASE)) and number.value >= 100
    return bool(re.search(r"(?:size|batches|lotes?)\s*(?:of|is|=|:|de|was)?\s*$", before, re.IGNORECASE))


# ---------------------------------------------------------------- which rows
def _split_words(text: str) -> list[tuple[Split, int, int]]:
    found: list[tuple[Split, int, int]] = []
    for match in _SPLITS.finditer(text):
        name: Split = "train" if match["train"] else "validation" if match["validation"] else "test"
        activity = _TRAINING_AS_ACTIVITY.match(text[match.start() :]) and not _ROWS_BEFORE.search(text[: match.start()])
        if name == "train" and activity:
            continue
        if re.match(r"\s*split\b|_split|_size", text[match.end() :], re.IGNORECASE):
            continue
        found.append((name, match.start(), match.end()))
    return found


def _splits_of(text: str, numbers: tuple[Number, ...]) -> dict[Number, Split]:
    """Place the split words of a sentence on its numbers: one for all, or in pairs, in order; else nothing is said."""
    words = _split_words(text)
    names = {name for name, _, _ in words}
    if not words or not numbers:
        return dict.fromkeys(numbers, "unstated")
    if len(names) == 1:
        return _one_split(names.pop(), words, numbers, text)
    return _paired(words, numbers, text)


def _one_split(name: Split, words: list[tuple[Split, int, int]], numbers: tuple[Number, ...], text: str) -> dict[Number, Split]:
    clauses = _clauses(text, numbers)
    if len(numbers) == 1 or len(clauses) == 1:
        return dict.fromkeys(numbers, name)
    placed: dict[Number, Split] = dict.fromkeys(numbers, "unstated")
    for clause in clauses:
        if any(clause.start <= start < clause.start + len(clause.text) for _, start, _ in words):
            placed |= dict.fromkeys((number for number in clause.numbers if number in placed), name)
    # "On the test set the dense net got 94 % while the CNN got 97 %": said first, it holds for the whole sentence.
    first = words[0][1] < numbers[0].start and re.match(r"^\W*(?:on|in|for|en|with|over)\b", text, re.IGNORECASE)
    return dict.fromkeys(numbers, name) if first else placed


def _paired(words: list[tuple[Split, int, int]], numbers: tuple[Number, ...], text: str) -> dict[Number, Split]:
    marks = [(start, "s", name) for name, start, _ in words] + [(number.start, "n", "") for number in numbers]
    order: list[tuple[str, str]] = []
    for _, kind, name in sorted(marks):
        if not (kind == "s" and order and order[-1] == ("s", name)):
            order.append((kind, name))
    shape = "".join(kind for kind, _ in order)
    names = [name for kind, name in order if kind == "s"]
    count = len(numbers)
    in_order = shape in {"sn" * count, "ns" * count} or (
        count >= 2 and shape in {"s" * count + "n" * count, "n" * count + "s" * count}
    )
    if not in_order:
        return _adjacent(words, numbers, text)
    return {number: _as_split(name) for number, name in zip(numbers, names, strict=True)}


def _adjacent(words: list[tuple[Split, int, int]], numbers: tuple[Number, ...], text: str) -> dict[Number, Split]:
    """Place only what stands side by side: "test accuracy of 0.91" (a word, at most 25 characters, no other number)."""
    placed: dict[Number, Split] = {}
    if any(_LISTED.fullmatch(text[left[2] : right[1]]) for left, right in pairwise(words)):
        return dict.fromkeys(numbers, "unstated")  # "on training, validation and test"
    for number in numbers:
        near = {
            name
            for name, start, end in words
            if 0 <= number.start - end <= ADJACENT_CHARACTERS or 0 <= start - number.end <= ADJACENT_CHARACTERS // 2
        }
        placed[number] = near.pop() if len(near) == 1 and len(numbers) == 1 else "unstated"
    return placed


_LISTED = re.compile(r"\s*(?:,|and|or|y|e|/|&)?\s*(?:and|y)?\s*", re.IGNORECASE)
ADJACENT_CHARACTERS = 25
"""Room for "accuracy of about " between a split's name and its number."""


def _as_split(name: str) -> Split:
    return "train" if name == "train" else "validation" if name == "validation" else "test"
