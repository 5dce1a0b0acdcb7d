"""Choices that a student made about the network or its training, and the reasons given for them.

A reasoned choice has three parts: a decision ("I went with", "me quedé con", "... was enough"), what was decided on
(a layer, a size, a setting, one of the candidates), and a ground for it: something seen (a validation loss, a curve),
or something true of the data or the network (few pictures, twice the parameters). "The best optimizer" is no ground.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from grader.evidence.reading.vocabulary import compile_words

_STRONG = compile_words(
    r"(?:i|we)(?:'ve|\u2019ve| have)? (?:\w+ly |also |then |still |just |so )?(?:cho(?:se|ose)|chosen|pick(?:ed)?|kept|"
    r"keep|left|settled?|selected|decided|prefer(?:red)?|opted|stopped|take|took|go|went|continued?|stay\w*|stick|"
    r"stuck|ended up|limited|stay)\b",
    r"(?:was|were|is|are|got|has been) (?:chosen|picked|kept|selected|preferred)\b", r"chosen\b",
    r"(?:my|the|our) choice\b",
    r"(?:is|as|became|remains) (?:my|the|our) (?:final|chosen)\b", r"(?:my|the|our) final (?:model|network|choice)\b",
    r"enough\b", r"sufficient\b", r"plenty\b", r"the one (?:that )?(?:i|we)\b", r"no (?:reason|need) (?:to|for)\b",
    r"me (?:qued|decid)(?:o|é|í)\b", r"nos (?:quedamos|decidimos)\b",
    r"(?:elijo|escojo|tomo|dejo|dejé|prefiero|opto|opté)\b",
    r"(?:eleg|escog|decid|prefer|seleccion|detuv)(?:í|é|imos|amos|e)\b", r"s(?:igo|eguí|eguimos) con\b",
    r"(?:he|hemos|se ha|se han|fue|fueron) (?:elegid|decidid|escogid|seleccionad)[oa]s?\b",
    r"se (?:eligi(?:ó|eron)|escogi(?:ó|eron)|optó|decidió|dejó)\b", r"elegid[oa]s?\b", r"basta(?:ba|n|ban|ron)?\b",
    r"bastó\b",
    r"(?:son|es|eran|era|fueron|fue) suficientes?\b",
)  # fmt: skip
"""Decisions between things: what was decided on may be a pronoun ("that one", "B", "32")."""

_WEAK = compile_words(
    r"(?:i|we)(?:'ve|\u2019ve| have)? (?:\w+ly |also |first |then |finally )?(?:use[d]?|add(?:ed)?|set|put|"
    r"tried|trained?|lowered|"
    r"increased|raised|reduced|switched|started|made|need(?:ed)?|included|wrap(?:ped)?|froze|insert(?:ed)?|"
    r"remove[d]?)\b",
    r"(?:was|were) (?:used|added|set|reduced|increased|removed)\b", r"(?:is|are) (?:used|added|set)\b",
    r"(?:instead of|rather than)\b",
    r"(?:us|utilic|añad|agregu|aplic|prob|reduj|aument|baj|entren|pus|quit|limit)(?:é|e|imos|amos|o)\b", r"uso\b",
    r"añadí\b",
    r"(?:he|hemos|se ha|se han) (?:usado|utilizado|añadido|puesto|aplicado|probado|entrenado|quitado)\b",
    r"se (?:usa|usan|usó|usaron|utiliza|utilizó|añadió|aplica|aplicó|puso)\b", r"en (?:lugar|vez) de\b",
)  # fmt: skip
"""Doings that are a choice only of something named: "I used dropout", "se usa un lote de 32"."""

_OBJECT = compile_words(
    r"epochs?\b", r"learning[- ]rates?\b", r"batch(?:es| size)?\b", r"adam\w*\b", r"sgd\b", r"rmsprop\b",
    r"optimi[sz]ers?\b",
    r"early ?stopping\b", r"patience\b", r"augment\w*", r"dropout\b", r"layers?\b", r"filters?\b", r"conv\w*",
    r"pool\w*",
    r"padding\b", r"relu\b", r"softmax\b", r"sigmoid\b", r"batch ?norm\w*", r"units\b", r"neurons?\b", r"dense\b",
    r"blocks?\b",
    r"networks?\b", r"architecture\b", r"models?\b", r"cnn\b", r"kernels?\b", r"regulari\w*", r"l2\b",
    r"weight decay\b",
    r"class weights?\b", r"loss\b(?! (?:was|is|of|stay|f[ae]ll))", r"cross[- ]?entropy\b", r"huber\b",
    r"transfer learning\b",
    r"width\b", r"depth\b", r"strides?\b", r"embeddings?\b", r"lstm\b", r"gru\b", r"mobilenet\w*", r"resnet\w*",
    r"vgg\w*",
    r"efficientnet\w*", r"épocas?\b", r"tasa de aprendizaje\b", r"optimizador\b", r"parada temprana\b",
    r"aumento de datos\b",
    r"capas?\b", r"filtros?\b", r"neuronas?\b", r"red\b", r"modelos?\b", r"arquitectura\b", r"pérdida\b", r"lotes?\b",
    r"bloques?\b", r"anchura\b", r"profundidad\b",
)  # fmt: skip
_CANDIDATE = re.compile(
    r"\b(?:the|that|this|la|el|esa|ese|esta|este) (?:[\w-]+ )?(?:one|version|variant|candidate|setting|"
    r"value|size|option|"
    r"versión|variante|opción|valor|pequeñ[oa]|grande|segund[oa]|primer[oa]|profund[oa])\b"
    r"|\b(?:left|leave|kept|keep|dropped) (?:it|them)\b|\bcon (?:ella|él|es[ae]|est[ae])\b"
    r"|\b(?:it|them) at\b|\b(?:for|with|on|to|at|take|took|kept|keep|chose|pick(?:ed)?|con|por|a|en|elegí|tomo)\s+"
    r"(?:\d+\b(?!\s*%|[.,]?\d* ?(?:%|percent|images|rows|pictures))|(?-i:[A-D]\b))|(?-i:\b[B-D] (?:is|was|es)\b)",
    re.IGNORECASE,
)
"""One of several candidates, without a word of what it is."""
_OF_DATA = re.compile(
    r"^\W*(?:to use |to |for |with |on )?(?:the |this |that |these |my |a |an |este |esta |el |la |los |"
    r"un )?(?:[\w-]+ ){0,2}?"
    r"(?:data ?sets?|data|task|topic|project|colab|kaggle|metric|conjunto|datos|tema|proyecto|problema)\b",
    re.IGNORECASE,
)
"""What follows a decision on the data, the topic or the tool."""
_WISH = compile_words(
    r"would\b", r"could\b", r"should\b", r"will\b", r"want\b", r"plan\b", r"next\b", r"might\b", r"if i\b", r"i'd\b",
    r"\w+(?:aría|ería|iría)(?:mos|n)?\b", r"siguiente\b", r"futuro\b",
)  # fmt: skip

_BECAUSE = compile_words(
    r"because\b", r"since\b(?! (?:then|epoch))",
    r"as (?:it|its|they|their|the|there|both|i|we|this|these|that|with|for|"
    r"more|fewer|neither|a|an|validation|training|no|\d+\w*)\b", r"given (?:that|the|how)\b", r"due to\b", r"so that\b",
    r"in order to\b",
    r"to (?:avoid|prevent|reduce|keep|make|help|let|allow|stop|fight|lower|speed|save|see|get|close|not)\b",
    r"for (?:the|its|a) (?:higher|lower|better|lowest|highest|best|sake)\b",
    r"(?:which|that) (?:had|has|gave|gives|reached|scored|did|was|got)\b",
    r"with the (?:lowest|highest|best|smallest)\b",
    r"(?:based|chosen|judged|picked|selected) (?:on|by|for)\b", r"by (?:its |the )?validation\b",
    r"(?:porque|pues)\b", r"ya que\b", r"debido a\b", r"dado que\b", r"puesto que\b", r"al ser\b",
    r"por (?:tener|ser|su)\b",
    r"para (?:que\b|no\b|\w+(?:ar|er|ir)(?:l[oae]s?|se)?\b)", r"que (?:tuvo|tiene|tenía|dio|daba|obtuvo)\b",
)  # fmt: skip
"""The ground follows; at a sentence's start it stands before the comma."""
_HENCE = compile_words(
    r"so\b(?! (?:that(?! is\b|['\u2019]s)|far|much|many|as))", r"therefore\b", r"thus\b", r"hence\b",
    r"which is why\b", r"that(?:'s|\u2019s| is) why\b",
    r"for (?:this|that) reason\b", r"por (?:eso|ello|esto|lo que|lo tanto|tanto)\b", r"así que\b", r"de ahí que\b",
)  # fmt: skip
"""The ground went before."""

_SEEN = compile_words(
    r"validation\b", r"val(?:_|\b)", r"over-?fit\w*", r"under-?fit\w*", r"memori[sz]\w*", r"curves?\b", r"gap\b",
    r"plateau\w*", r"jump\w*", r"oscil\w+", r"spik\w+", r"diverg\w+", r"explod\w+",
    r"flat\w*", r"unstable\b", r"stable\b", r"nois[ey]\w*",
    r"(?:after|from|by|around|at|past) (?:about )?(?:epoch )?\d+",
    r"0[.,]\d+", r"\d+(?:[.,]\d+)? ?%", r"no (?:better|worse|longer|more|difference|gain|improvement)\b",
    r"converge\w*",
    r"(?:did|does|do|would)(?:n['\u2019]t| not) (?:\w+ )?(?:help|improve|change|lower|fall|bring|gain|add|"
    r"get|learn|matter)\b",
    r"validación\b", r"sobre-?ajust\w*", r"curvas?\b", r"memoriz\w+", r"no (?:mejor|baj|ayud|cambi|sub)\w+",
)  # fmt: skip
_MEASURE = compile_words(
    r"loss(?:es)?\b", r"accurac\w+", r"errors?\b", r"scores?\b", r"recall\b", r"mae\b", r"rmse\b", r"training\b",
    r"pérdida\b",
    r"exactitud\b", r"precisión\b", r"error(?:es)?\b", r"entrenamiento\b",
)  # fmt: skip
_COMPARED = compile_words(
    r"lower\w*", r"lowest\b", r"higher\b", r"highest\b", r"better\b", r"best\b", r"worse\b", r"worst\b", r"smaller\b",
    r"same\b", r"more\b", r"less\b", r"f[ae]ll\w*", r"rose\b", r"rises?\b", r"rising\b", r"drop\w*", r"improv\w*",
    r"stop\w*",
    r"points?\b", r"similar\b", r"menor\b", r"mayor\b", r"mejor\w*", r"peor\w*", r"baj\w+", r"sub\w+", r"igual\b",
    r"misma\b",
)  # fmt: skip
_TRUE_OF_THEM = compile_words(
    r"edges?\b", r"patterns?\b", r"slow\w*", r"fast\w*", r"parameters?\b", r"pixels?\b",
    r"(?:few|fewer|only|just|small\w*|"
    r"tiny|little|big\w*|large\w*|enough|more)\b.{0,25}?\b(?:images?|pictures?|photos?|rows?|examples?|data|samples?|"
    r"networks?|models?|sets?|dataset|one|classes)",
    r"(?:images?|pictures?|photos?|data|data ?set|sets?|rows?)\b.{0,20}?\b(?:is|are|was|were)"
    r"\b.{0,12}?\b(?:small|tiny|few|noisy|little|simple|low|big|large)", r"ten classes\b",
    r"\d+ (?:classes|images|pictures|rows|pixels|"
    r"parameters|labels|digits)", r"one-hot\b", r"integers?\b", r"labels? (?:are|is|were)\b", r"outliers?\b",
    r"probabilit\w+",
    r"border\w*", r"position\w*", r"imbalanc\w*", r"negative\b", r"(?:vanish|explod)\w+", r"memory\b", r"minutes\b",
    r"dying\b", r"pre-?trained\b", r"bordes?\b", r"patrones\b", r"lent\w+", r"rápid\w+", r"parámetros?\b", r"píxel\w*",
    r"poc[oa]s? (?:im[aá]gen\w*|datos|fotos|ejemplos|filas)\b", r"(?:im[aá]gen\w*|fotos) (?:son|es) (?:muy )?pequeñ\w+",
    r"clases\b", r"probabilidad\w*", r"etiquetas\b",
)  # fmt: skip
"""Things true of the data or the network that speak for a choice."""
_HOLLOW = compile_words(
    r"(?:the |one of the )?(?:best|most (?:popular|common|used|powerful)) (?:known )?(?:optimi[sz]er|model|"
    r"network|layer|choice|"
    r"function|architecture|one|option)s?\b",
    r"(?:is|are|works?) (?:very |really |so |just )?(?:good|great|powerful|popular|well|nice)\b",
    r"(?:el|la) mejor (?:optimizador|modelo|red|opción|función)\b",
    r"(?:es|son) (?:muy )?(?:buen[oa]s?|potentes?|populares)\b",
    r"good (?:results?|accuracy|performance)\b",
)  # fmt: skip
_REASON_START = re.compile(
    r"^(?:because|this is because|that is because|it (?:had|has|gave|reached)|the reason|porque|esto se debe)\b",
    re.IGNORECASE,
)
SHORT_DECISION = 60
"""Characters of a sentence that only tells the decision ("I take 32.") and has its ground in the sentence before."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice for which a reason is offered; `grounded` where the reason says something; `quote` as it was said."""

    grounded: bool
    quote: str


def reasoned_choice(text: str, before: str = "", after: str = "") -> Choice | None:
    """Return the choice that a sentence makes and gives a reason for, there or in the sentences beside it."""
    grounds = [ground for decision, ground in _parts(text) if _decides(decision)]
    if any(map(_is_ground, grounds)):
        return Choice(grounded=True, quote=text)
    if not _decides(text):
        return Choice(grounded=False, quote=text) if grounds else None
    if before and (_HENCE.match(text) or len(text) <= SHORT_DECISION) and _is_ground(before):
        return Choice(grounded=True, quote=f"{before} {text}")
    starts = _REASON_START.match(after)
    if starts and _is_ground(after):
        return Choice(grounded=True, quote=f"{text} {after}")
    return Choice(grounded=False, quote=text) if grounds else None


def _parts(text: str) -> list[tuple[str, str]]:
    """Return the ways to part a sentence into a decision and its ground."""
    found: list[tuple[str, str]] = []
    because = list(_BECAUSE.finditer(text))
    borders = [*(match.start() for match in because), len(text)]
    for match, (_, until) in zip(because, pairwise(borders), strict=True):
        if text[: match.start()].strip(" ,;*_") == "":
            ground, _, decision = text[match.start() :].partition(",")
            found.append((decision, ground))
        else:
            # A second reason may carry the ground: "because the set is small, so that ..." is read to its end.
            found.append(
                (text[: match.start()], text[match.start() : until] if _is_purpose(match[0]) else text[match.start() :])
            )
    opening = re.match(r"^\W*(?:como|with only|having)\b[^,]{10,},", text, re.IGNORECASE)
    if opening:
        found.append((text[opening.end() :], opening[0]))
    decided, colon, told = text.partition(": ")
    if colon:
        found.append((decided, told))
    found += [(text[match.end() :], text[: match.start()]) for match in _HENCE.finditer(text) if match.start() > 0]
    return found


def _is_purpose(connective: str) -> bool:
    return connective.lower().startswith(("to ", "para "))


def _decides(text: str) -> bool:
    if _WISH.search(text):
        return False
    for pattern, candidate in ((_STRONG, True), (_WEAK, False)):
        for match in pattern.finditer(text):
            if _OF_DATA.match(text[match.end() :]):
                continue
            # "It is used to ..." tells what the thing is for, in general.
            general = re.match(r"(?:is|are) (?:used|added)", match[0], re.IGNORECASE) and re.match(
                r"\s*(?:to|for|in order)\b|\s*$", text[match.end() :], re.IGNORECASE
            )
            if not general and (_OBJECT.search(text) or (candidate and _CANDIDATE.search(text))):
                return True
    return False


def _is_ground(text: str) -> bool:
    plain = _HOLLOW.sub(" ", text)
    measured = _MEASURE.search(plain) and _COMPARED.search(plain)
    return bool(_SEEN.search(plain) or measured or _TRUE_OF_THEM.search(plain))
