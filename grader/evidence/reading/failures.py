"""Where a student says that the model goes wrong, and the cause given for it."""

from __future__ import annotations

import re

from grader.evidence.reading.sentences import count_words
from grader.evidence.reading.vocabulary import LOSS_DEFINITION, compile_words

FAILURE = compile_words(
    r"confus(?:es?|ed|ing|ions?\b(?! matri))", r"mistook\b", r"mistaken (?:for|as)\b",
    r"mistak(?:es?|en|ing) .{1,40}? (?:for|as)\b", r"fail\w*", r"misclassif\w*", r"misread\w*",
    r"mix(?:es|ed|ing)?(?: \w+){0,4}? up\b", r"mixed[- ]up\b", r"mix-?ups?\b", r"struggl\w+", r"hardest\b",
    r"hard(?:er)? (?:for|to (?:tell|separate|distinguish|classify))\b", r"difficult(?:y|ies)?\b", r"trouble\b",
    r"worst\b", r"weak(?:ness|nesses|er|est|ly)?\b(?! label)", r"poor(?:ly|er|est)?\b", r"unreliable\b",
    r"low(?:est|er)? (?:recall|precision|f1|accuracy)\b", r"tak(?:es?|en) .{1,40}? for (?:an? |the )?\w",
    r"(?:under|over)-?(?:estimat|predict)\w*",
    r"(?:can't|cannot|can not|doesn't) (?:\w+ )?(?:tell|separate|distinguish)\b", r"problems? with\b",
    r"gets? .{1,40}? wrong\b", r"miss(?:es|ed)\b", r"overlook(?:s|ed)\b",
    r"(?:is|are|was|were) (?:\w+ )?(?:called|read as|predicted as|labell?ed as|classified as|taken for)\b",
    r"looks? like (?:an? )?\d", r"largest (?:errors?|residuals?)\b", r"big(?:gest)? (?:errors?|residuals?|misses)\b",
    r"suffers?\b", r"limitations?\b", r"(?:far|way) off\b", r"far from (?:perfect|the (?:true|real|actual|line))\b",
    r"(?:predict\w*|estimat\w*|guess\w*|come out|prices?|values?|ones) .{0,25}?\btoo (?:low|high|small|large)\b",
    r"(?:not|never|\w+n['\u2019]t) (?:\w+ ){0,2}?(?:good|reliable|accurate|perfect|great|precise|sure|well|"
    r"equally good) "
    r"(?:at|on|for|with|in|when|everywhere)\b",
    r"(?:not|\w+n['\u2019]t) work (?:well )?(?:on|for|with)\b",
    r"(?:recall|precision|f1|sensibilidad)\b.{0,12}? (?:only|just|barely|solo|sólo|apenas)\b",
    r"errors? .{0,20}?\b(?:grow|gets?|become|increase)\w* .{0,12}?\b(?:larger|bigger|with|for|as)\b",
    r"(?:badly|worse) (?:on|for|with|in|at)\b", r"confund\w+",
    r"confusi(?:ón|ones)\b(?! matri)(?<!matriz de confusión)",
    r"(?:se )?equivoc\w+", r"fall(?:a|an|os?|ó|aron)\b", r"peor(?:es)?\b", r"débil(?:es)?\b", r"debilidad\w*",
    r"floj[oa]s?\b", r"dificultad\w*", r"(?:le|les) cuesta\w*", r"difícil\w*", r"mal clasific\w+", r"no distingue\b",
    r"baj[ao] (?:precisión|sensibilidad|exactitud|recall)\b", r"problemas con\b", r"(?:sub|sobre|sobr)estima\w*",
    r"(?:remains?|(?:is|are) (?:\w+ )?|the (?:main|biggest) )(?:a )?problem(?:s|atic)?\b(?! of)",
    r"end(?:s|ed)? up (?:in|as|among)\b",
    r"least (?:often|well|reliabl\w+|accura\w+|sure)\b", r"hard time\b", r"(?:goes|went|go) wrong\b", r"off the mark\b",
    r"only (?:\w+ly )?(?:finds?|found|recogni[sz]e[sd]?|gets?|got|catches|caught|identifie[sd]|detect(?:s|"
    r"ed)|reads?)\b",
    r"(?:finds?|recogni[sz]es|gets|catches|identifies|detects) only\b",
    r"(?:performance|accuracy|recall|quality|it|score) (?:drops?|falls?|decreases?|degrades?|goes down|"
    r"gets worse)\b.{0,20}?\b(?:for|on|with|when|in|if)\b",
    r"(?:systematically|usually|often|much|far|consistently|always|generally|mostly) too (?:small|low|high|"
    r"large|big|expensive|cheap)\b",
    r"cheat(?:s|ed) by\b", r"sensitive to\b", r"breaks? down\b", r"guess(?:es|ing) (?:between|on|for)\b",
    r"hit or miss\b",
    r"no (?:\w+ )?(?:acierta|reconoce|detecta|predice|clasifica|identifica|funciona)\b", r"(?:se )?les? resist\w+",
    r"se le dan? mal\b",
    r"(?:acierta|reconoce|detecta|encuentra) (?:solo|sólo|apenas|menos)\b",
    r"(?:solo|sólo|apenas) (?:acierta|reconoce|detecta|encuentra)\b",
    r"demasiado (?:baj|alt|pequeñ|grande)\w*",
    r"limitaci\w+", r"bad (?:at|with|on)\b", r"(?:land|lands|landed) (?:\w+ )?in\b", r"far (?:above|below)\b",
    r"(?:do|does|did|perform\w*) (?:\w+ )?(?:badly|poorly|worse)\b", r"(?:over|under)-?pric\w+",
    r"(?:not|\w+n['\u2019]t) (?:do|perform) (?:\w+ )?well\b", r"mal (?:con|en)\b",
    r"error(?:es)? (?:es|son|sigue\w*|era) (?:\w+ )?(?:grandes?|mayor(?:es)?|alt[oa]s?)\b",
    r"no (?:es|son) (?:\w+ )?(?:perfect|fiable|precis|buen)\w* (?:con|en|para)\b", r"tom(?:a|an|ad[oa]s?) por\b",
)  # fmt: skip
"""Words that say by themselves that the model goes wrong somewhere."""
INADEQUATE = compile_words(
    r"inaccurate\b", r"imprecise\b", r"unexplained\b",
    r"(?:r2|r²|r\^2)\b.{0,12}? (?:only|just|barely|solo|sólo|apenas)\b",
    r"(?:only|just|less than|not even|barely) (?:half|a (?:third|quarter)|\d+ ?%|0[.,]\d+) of the (?:\w+ )?varia\w+",
    r"less than half\b", r"(?:not|\w+n['\u2019]t) (?:\w+ )?(?:rely|trust|depend|be trusted)\b",
    r"(?:wide|large|big|broad) (?:cloud|scatter|spread)\b", r"far from the line\b",
    r"errors? (?:is|are) (?:still )?(?:\w+ )?(?:large|high|big|too)\b", r"nube (?:ancha|dispersa)\b",
    r"men(?:os|or) de la mitad\b",
    r"no (?:me |se )?(?:fiaría|confiaría|puede confiar)\b", r"lejos de l[oa]s? (?:valor|línea|real)\w*",
    r"imprecis[oa]s?\b",
)  # fmt: skip
"""Words that say the model is not good enough as a whole, with no word of where it goes wrong."""
ERROR_WORD = compile_words(
    r"errors?\b(?! rate)", r"mistakes?\b", r"wrong\b", r"errores\b", r"error\b(?! (?:medio|absoluto|cuadrático))",
)  # fmt: skip
"""Words that say it only with a place, a share or a count beside them."""
ERROR_PLACE = compile_words(
    r"most(?:ly)?\b", r"many\b", r"main(?:ly)?\b", r"biggest\b", r"largest\b", r"commonest\b", r"common\b",
    r"usually\b", r"often\b", r"between\b", r"half\b", r"com(?:e|es|ing) from\b", r"happen\w*", r"almost all\b",
    r"(?:mistakes?|errors?|wrong) (?:on|with|in|for|are|were)\b", r"mayoría\b",
    r"much[oa]s\b", r"principal\w*", r"más (?:comunes|frecuentes|grandes)\b", r"entre\b", r"casi todos\b", r"suelen\b",
    r"errores (?:en|con|son|están)\b", r"(?:larger?|bigger|grows?) (?:for|with|in|at|on)\b",
)  # fmt: skip
_NO_FAILURE = compile_words(
    r"no (?:\w+ )?(?:mistakes?|errors?|weakness\w*|failures?|problems?|limitations?|confusions?|trouble|"
    r"difficult\w+)\b",
    r"without (?:any )?(?:mistakes?|errors?|problems?|failures?)\b",
    r"never (?:fail(?:s|ed)?|wrong|confus(?:es?|ed)|mistak\w+|miss(?:es|ed)?)\b",
    r"(?:not|\w+n['\u2019]t) (?:\w+ )?(?:fail|confuse|struggle|have (?:any )?(?:trouble|problems?|difficult\w+))\b",
    r"hardly ever\b", r"(?:almost|nearly) never\b", r"rarely\b", r"seldom\b", r"casi nunca\b", r"nunca\b",
    r"nothing (?:is |was )?wrong\b", r"(?<!not )(?<!n't )(?<!n\u2019t )(?<!far from )(?<!no es )perfect(?:ly)?\b",
    r"flawless\w*",
    r"sin (?:ningún )?(?:error\w*|fallos?|problemas?)\b", r"ning(?:ún|una) (?:error|fallo|problema|debilidad)\b",
    r"no (?:se )?(?:equivoca|falla|confunde|tiene (?:errores|fallos|problemas|debilidades|dificultad\w*))\b",
    r"solves (?:this|that|it)\b", r"no longer\b", r"(?:fixed|solved) (?:it|this|that)\b", r"ya no\b",
)  # fmt: skip
_NOT_THE_MODEL = compile_words(
    r"(?:data ?set|task|project|assignment|exercise) (?:is|was) (?:\w+ )?(?:difficult|hard)\b",
    r"(?:a|the|la|una) (?:confusion matrix|matriz de confusión) (?:\w+ )?(?:shows?|tells?|says?|helps?|"
    r"lets?|muestra|dice|indica|ayuda)"
    r" (?:us |me |you |to see )?(?:which|where|how|what|whether|qué|dónde|cuál\w*)\b",
    r"(?:i|we) (?:got|had|get|have|made|fixed|found) (?:an? |some |many |the |this |that |"
    r"lots of )?(?:\w+ )?(?:errors?|mistakes?|bugs?|trouble|problems?|"
    r"difficult\w+)\b", r"error messages?\b", r"\w+Error\b",
    r"(?:my|the|in) (?:code|import|cell|kernel|notebook)s?\b.{0,20}?\b(?:errors?|wrong|fail\w*|mistake)",
    r"(?:i|we) (?:was|were|am|are) confused\b",
    r"(?:errors?|mistakes?|bugs?|problems?) in (?:my|the) (?:code|notebook|cell)\b",
    r"(?:i|we) (?:struggled|failed|misread|mistook|confused)\b",
    r"tuve (?:un |algunos |muchos )?(?:error\w*|problemas?|dificultad\w*)\b", r"me (?:equivoqué|costó)\b",
    r"baselines? (?:that|which)\b", r"(?:always|siempre) (?:predict|answer|say|guess|dic|decir|predec|contest)\w*",
    r"mean (?:squared|absolute) error (?:weighs|punish\w*|counts)\b", r"f[1l]?-?score (?:is|combines)\b",
)  # fmt: skip
"""Code that broke, what a matrix is for, what a guess would score: not where this model goes wrong."""
_IN_GENERAL = re.compile(
    r"^\W*(?:(?:all |many |most |deep |neural |artificial |convolutional |big |small |las |los )*"
    r"(?:networks|models|classifiers|algorithms|cnns|learning|redes(?: neuronales)?|modelos)"
    r"|an? (?:[\w-]+ )?(?:network|model|classifier|cnn)|una red|un modelo)\b.{0,30}?"
    r"\b(?:can|could|may|might|often|usually|sometimes|always|tend|pueden?|suelen?|podrían?|are|is|will|make)\b"
    r"|\b(?:of|for|in|de|para) (?:all |most |many |deep |neural |large |small |las |los |muchas |muchos )*"
    r"(?:networks|models|classifiers|redes|modelos)\b",
    re.IGNORECASE,
)
"""What is said of networks as such. `A model at 97 % can still miss every ninth 8` names a class, and counts."""

_CAUSE_AFTER = compile_words(
    r"because\b", r"since\b(?! (?:then|epoch))",
    r"as (?:it|they|the|there|both|this|these|their|its|those|most|many|some|a|an|in|on|"
    r"at|only|we|i)\b", r"due to\b", r"caused by\b", r"com(?:e|es|ing) from\b", r"thanks to\b",
    r"the reason (?:is|for)\b", r"why:",
    r"porque\b", r"ya que\b", r"debido a\b", r"dado que\b", r"puesto que\b", r"pues\b", r"por (?:culpa|tener|ser|su)\b",
    r"al (?:ser|tener|estar)\b",
)  # fmt: skip
"""A cause follows."""
_CAUSE_BEFORE = compile_words(
    r"so (?:it|they|the|that|we|i|a|each|every|no|many|some)\b", r"which is why\b", r"that(?:'s|\u2019s| is) why\b",
    r"therefore\b",
    r"which makes?\b", r"this makes\b", r"por (?:eso|lo que|lo tanto|tanto|ello)\b", r"así que\b", r"lo que hace\b",
)  # fmt: skip
_NO_CAUSE = compile_words(
    r"models?\b", r"networks?\b", r"perfect\w*", r"errors?\b", r"mistakes?\b", r"wrong\w*", r"good\b", r"bad\w*",
    r"enough\b",
    r"better\b", r"deep\b", r"learning\b", r"neural\b", r"param\w+", r"results?\b", r"accura\w+", r"hard\w*",
    r"difficult\w*", r"easy\b",
    r"reasons?\b", r"many\b", r"some\w*", r"other\b", r"thing\w*", r"every\w*", r"nothing\b", r"always\b", r"still\b",
    r"very\b",
    r"really\b", r"there\b", r"th(?:ese|ose|ey|em|eir|at|is|an|en|e)\b", r"with\b", r"from\b", r"have\b", r"more\b",
    r"less\b",
    r"also\b", r"just\b", r"only\b", r"which\b", r"when\b", r"where\b", r"what\b", r"been\b", r"were\b", r"will\b",
    r"would\b",
    r"could\b", r"because\b", r"since\b", r"both\b", r"think\b", r"probably\b", r"makes?\b", r"made\b", r"confus\w+",
    r"fail\w*",
    r"misclass\w+", r"predict\w*", r"classif\w+", r"class(?:es)?\b", r"gets?\b", r"got\b", r"does\b",
    r"overfitting\b", r"trained?\b",
    r"training\b", r"data\b", r"images?\b", r"pictures?\b", r"modelos?\b", r"redes\b", r"perfecto\b",
    r"error(?:es)?\b", r"muy\b",
    r"bien\b", r"mal\b", r"mucho\w*", r"muchas\b", r"razones\b", r"todo\w*", r"porque\b", r"tiene\w*", r"fall\w+",
    r"simple\b",
    r"complex\w*", r"work(?:s|ed|ing)?\b", r"able\b", r"understand\w*", r"know\w*", r"normal\b", r"human\w*",
    r"machine\w*", r"computer\w*",
    r"ningún\b", r"ninguna\b", r"nada\b", r"datos\b", r"imágenes\b", r"clases?\b", r"epochs?\b", r"time\w*",
    r"performan\w+", r"quality\b",
)  # fmt: skip
"""Words that any excuse is made of."""
_OBSERVABLE = compile_words(
    r"similar\w*", r"alike\b", r"same\b(?! (?:thing|way|result|time|mistake|is|from))", r"shapes?\b", r"loops?\b",
    r"strokes?\b", r"curves?\b",
    r"resolution\b", r"pixels?\b", r"small\b", r"tiny\b", r"few(?:er)?\b", r"only \d+\b", r"rare\b", r"imbalanc\w*",
    r"nois[ey]\w*",
    r"blur\w*", r"overlap\w*", r"unseen\b", r"handwriting\b", r"written\b", r"writ(?:er|ers|es?)\b", r"background\b",
    r"crop\w*",
    r"rotat\w*", r"angles?\b", r"dark\b", r"light\w*", r"silhouettes?\b", r"outlines?\b", r"sleeves?\b", r"colou?rs?\b",
    r"too (?:few|little|small)\b", r"outliers?\b", r"missing\b", r"label\w* wrong\b",
    r"(?:never|hardly|rarely|seldom) s(?:een|aw)\b",
    r"detail\w*",
    r"clos(?:ed?|ing)\b", r"open\b", r"looks? (?:like|almost|completely|different)\b", r"share\b", r"differ\w*",
    r"ambiguous\b",
    r"subjective\b", r"range\b", r"capped\b",
    r"(?:hardly any|(?:almost|nearly) no|too few|not many|casi no hay|pocas?)\b", r"neighbou?r\w*", r"underfit\w*",
    r"parecid\w+", r"parecen\b", r"semejant\w+",
    r"mism[oa]s?\b", r"formas?\b", r"siluetas?\b", r"trazos?\b", r"curvas?\b", r"resolución\b", r"píxel\w*",
    r"poc[oa]s?\b",
    r"desequilibr\w*", r"desbalance\w*", r"ruido\b", r"borros\w+", r"escrit\w+", r"letra\b", r"fondo\b", r"pequeñ\w+",
    r"detalles?\b",
    r"ambigu\w+", r"mangas?\b", r"oscur\w+",
)  # fmt: skip
"""What can be seen in data that misleads a model."""
MIN_OWN_WORDS = 3
"""Words of a cause that are not part of any excuse: "the words themselves are positive" has three with "sarcastic"."""
MIN_CAUSE_WORDS = 4


def admits_failure(text: str, classes: tuple[str, ...]) -> bool:
    """Whether a sentence says that the model goes wrong somewhere; that a loss punishes errors does not say it."""
    if _NO_FAILURE.search(text) or _NOT_THE_MODEL.search(text):
        return False
    if not classes and (LOSS_DEFINITION.search(text) or _IN_GENERAL.search(text)):
        return False
    if FAILURE.search(text):
        return True
    return bool(ERROR_WORD.search(text) and (classes or ERROR_PLACE.search(text)))


def is_not_about_this_model(text: str) -> bool:
    """Whether a sentence speaks of code that broke, of what a matrix is for, or of networks in general."""
    return _NOT_THE_MODEL.search(text) is not None or _IN_GENERAL.search(text) is not None


def denies_failure(text: str) -> bool:
    """Whether a sentence says that nothing goes wrong there."""
    return _NO_FAILURE.search(text) is not None


def is_inadequate(text: str) -> bool:
    """Whether a sentence says that the model as a whole is not good enough."""
    return INADEQUATE.search(text) is not None and not (
        _NO_FAILURE.search(text) or _NOT_THE_MODEL.search(text) or _IN_GENERAL.search(text)
    )


def failure_cause(text: str) -> bool | None:
    """Return whether the cause given for what goes wrong says something; None where a sentence gives no cause.

    After `because` a cause may be anything but an excuse. Where only a colon, a relative clause or a `so` links the
    two, it has to be something that can be seen in the data, as figures are told that way too.
    """
    after = _CAUSE_AFTER.search(text)
    if after is not None:
        opens = text[: after.start()].strip(" ,*_") == ""
        return _says_something(text.partition(",")[0] if opens else text[after.start() :])
    before = _CAUSE_BEFORE.search(text)
    if before is not None and before.start() > 0 and _goes_wrong(text[before.end() :]):
        return is_observable(text[: before.start()])
    relative = _RELATIVE.search(text)
    if relative is not None and is_observable(text[relative.start() :]):
        return True
    _, colon, told = text.partition(": ")
    return True if colon and is_observable(told) and not _FIGURE.search(told) else None


def opening_cause(text: str) -> str:
    """Return the clause that opens a sentence with a cause: "Since the errors come from thick strokes, I would ..."."""
    found = re.match(
        r"^\W*(?:because|since|as|given that|como|dado que|ya que|puesto que)\s+([^,]+),", text, re.IGNORECASE
    )
    return found[1] if found else ""


def _goes_wrong(consequence: str) -> bool:
    supposed = re.search(r"\b(?:would|might|could|\w+(?:aría|ería|iría)n?)\b", consequence, re.IGNORECASE)
    return supposed is None and admits_failure(consequence, ("",))


def _says_something(cause: str) -> bool:
    """Whether a cause names what can be seen in the data, or has words of its own rather than an excuse's."""
    if count_words(cause) < MIN_CAUSE_WORDS or _NOBODY_IS_PERFECT.search(cause):
        return False
    own = [word for word in re.findall(r"[^\W\d_]{4,}", cause) if not _NO_CAUSE.fullmatch(word)]
    return is_observable(cause) or len(own) >= MIN_OWN_WORDS


_NOBODY_IS_PERFECT = re.compile(
    r"\b(?:no|ningún|ninguna) (?:model|one|system|modelo|red)\b|\bnot (?:\w+ )?perfect\b", re.IGNORECASE
)
_RELATIVE = re.compile(
    r"\b(?:which|that|que) (?:all |both |also |se )?(?:have|has|look|share|are|were|parecen|tienen)\b"
    r"|\bwith (?:a |the )?(?:similar|same)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d[.,]\d|\d ?%|\b\d+ (?:out )?(?:of|de)\b")


def is_observable(text: str) -> bool:
    """Whether a sentence speaks of something that can be seen in the data: a shape, a size, how few there are."""
    return _OBSERVABLE.search(text) is not None
