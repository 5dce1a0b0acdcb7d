"""The words by which stated numbers are told, English and Spanish: metrics, wishes, shares of rows, models."""

from __future__ import annotations

import re

METRICS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("learning_rate", r"\b(?:learning[ _-]rate|lr|tasa de aprendizaje|ratio de aprendizaje)\b"),
        ("dropout", r"\bdropout\b"),
        ("batch_size", r"\b(?:batch[ _-]?size|batches of|tamaño de(?:l)? lote|lotes de)\b"),
        ("parameters", r"\b(?:parameters|params|parámetros|weights)\b"),
        ("epochs", r"\b(?:epochs|épocas)\b"),
        ("rmse", r"\b(?:rmse|root mean squared? error)\b"),
        (
            "mae",
            (
                r"\b(?:mae|mean absolute error|error (?:medio absoluto|absoluto medio)|average error|off by|"
                r"se equivoca por)\b"
            ),
        ),
        ("mse", r"\b(?:mse|mean squared error|error cuadrático medio)\b"),
        ("r2", r"(?:\br2(?:[ _]score)?\b|\br²|\br\^2|\bcoefficient of determination\b)"),
        ("f1", r"\bf1(?:[-_ ]?score)?\b"),
        ("balanced_accuracy", r"\bbalanced accuracy\b"),
        ("top_k_accuracy", r"\btop[- ]?[2-9]\b"),
        # Scores of their own, named so that they are not taken for the accuracy.
        ("auc", r"\b(?:(?:roc[- ]?)?auc|area under (?:the )?\w*(?: curve)?)\b"),
        ("kappa", r"\b(?:kappa|mcc|matthews)\b"),
        ("iou", r"\b(?:iou|jaccard|dice)\b"),
        ("recall", r"\b(?:recall|sensitivity|sensibilidad|exhaustividad)\b"),
        ("precision", r"\bprecision\b"),
        (
            "accuracy",
            (
                r"(?<![a-z])(?:accurac(?:y|ies)|acc|accurate|exactitud|precisión|precisión global|aciertos?|"
                r"acierta|tasa de acierto|classified correctly|correctly classified|correct|correctly|right|"
                r"correctamente|bien clasificad\w+)(?![a-z])"
            ),
        ),
        ("loss", r"(?<![a-z])(?:loss|pérdida|cross[- ]entropy)(?![a-z])"),
        ("error", r"\b(?:error rate|test error|tasa de error|error|wrong|incorrect\w*|misclassif\w+)\b"),
    )
)
"""Words of each metric, the more specific first: where two words overlap, the first metric has it."""
SHARES = frozenset({"accuracy", "balanced_accuracy", "top_k_accuracy", "error", "recall", "precision", "f1", "dropout"})
ERRORS = frozenset({"loss", "mae", "mse", "rmse", "r2"})
COUNTS = frozenset({"epochs", "parameters", "batch_size"})
HYPOTHETICAL = re.compile(
    r"\b(?:would|could|might|should|may|goal|target|aim\w*|hope[ds]?|hoping|expect\w*|want(?:ed)?|"
    r"wish\w*|if|future|next|perhaps|maybe|published|literature|papers?|state[- ]of[- ]the[- ]art|"
    r"sota|benchmarks?|leaderboard|kaggle|others|people|humans?|teachers?|profesor\w*|classmates?|friends?|"
    r"compañer\w+|tutorial|possible|posible|reference (?:network|model|score)|"
    r"typical\w*|usually|ideally|unless|at best|plan\w*|improve (?:it |this |that |"
    r"the \w+ )?(?:to|by|from)|improving|increase (?:it )?to|raise (?:it )?to|"
    r"get (?:it )?(?:up )?to|push\w* (?:it )?to|example|e\.g\.|suppose|imagine|guess(?:ed)?|"
    r"podría\w*|debería\w*|objetivo|meta|esperaba\w*|espero|esperar|quería\w*|quisiera\w*|quiero|"
    r"ojalá|si|futuro|próxim\w+|estado del arte|artículos?|literatura|mejorar (?:hasta|a)|"
    r"subir (?:hasta|a)|llegar (?:a|hasta)|normalmente|\w+(?:aría|ería|iría)\w*|supón|ejemplo)\b|"
    r"(?:i|it|they|we)['\u2019]d\b",
    re.IGNORECASE,
)
"""Wishes, plans, other people's results: nothing that was measured here."""
ON_THE_WAY = re.compile(
    r"\b(?:(?:in|after|at|by|from) (?:the |only )?(?:first|second|third|early|one|"
    r"two)(?: \w+)? epochs?\b|(?:first|early|initial|earlier) epochs?\b|(?:at|after|by|from|in|"
    r"until) epoch (?:number )?\d+|at the (?:start|beginning)|initially|starts? at|started at|"
    r"primeras? épocas?|(?:en|tras|después de|desde) la (?:época|primera)|al principio|al inicio|empieza en)\b",
    re.IGNORECASE,
)
"""A point of the curve on the way, which the final figures say nothing about."""
CHANGE = re.compile(
    r"^\s*(?:percentage )?(?:points?|puntos?|better|worse|more|less|higher|lower|improvement|"
    r"increase|decrease|drop|gap|difference|gain|change|mejor|peor|más|menos|de (?:mejora|"
    r"diferencia))\b",
    re.IGNORECASE,
)
CHANGE_BEFORE = re.compile(
    r"\b(?:by|por|improv\w+ of|gap of|difference of|drop of|increase of|gain of|within|"
    r"diferencia de|mejora de|margin of|confidence of|probability of|sure|threshold of|baja|sube|"
    r"mejora) (?:about |only |just |around |un )?$",
    re.IGNORECASE,
)
OTHER_SHARE_AFTER = re.compile(
    r"^\s*(?:of|de|del|for|para|as|como|is|are|was|were|se|on(?! (?:the )?(?:test|train|validation)))\s+"
    r"(?:the |all |los |las |la |my |"
    r"our |mis )?(?:original |whole |full |total |labelled |training )?"
    r"(?:data(?:set)?|rows?|images?|im[aá]genes?|examples?|ejemplos?|samples?|muestras?|datos|"
    r"filas|training|train|testing|test\b(?! (?:set|accuracy|images|data|rows|examples|digits))|"
    r"validation|validación|prueba|entrenamiento|units|neurons|neuronas|unidades|time|tiempo|"
    r"pixels|píxeles|errors?|errores|mistakes)"
    r"|^\s*(?:train\w*|test\w*|validation|validación|entrenamiento|prueba|split|confiden\w+|sure|"
    r"certain|probability|probabilidad|confianza|seguro|más)\b(?! (?:accuracy|acc|set))"
    r"|^\s*(?:of|de) (?:the )?(?:training|validation|test) (?:rows|images|data|set|examples|"
    r"digits)\b(?=.{0,30}(?:kept|used|put|set|reserved|held))",
    re.IGNORECASE,
)
SPLITTING = re.compile(
    r"\b(?:split|hold out|held back|set aside|put (?:aside|away)|reserv\w+|test_size|"
    r"validation_split|train_test_split|divid\w+|partition\w*|separ\w+|used? (?:as|"
    r"for) (?:validation|testing|training|test)|para (?:validación|entrenar|probar|prueba|test)|"
    r"guard\w+|apart\w+|kept (?:aside|for)|confiden\w+|probabilit\w+|confianza|threshold|sure|"
    r"zoom|rotat\w+|shift\w*|balanced?\b(?! acc)|duplicates?|missing|duplicad\w+|desbalance\w*)\b",
    re.IGNORECASE,
)
RESULT_VERB = re.compile(
    r"\b(?:gets?|got|getting|reach\w*|scor(?:es?|ed|ing)|achiev\w+|obtain\w*|has|had|gave|gives|"
    r"manages?|attain\w*|end(?:s|ed)? (?:up )?(?:at|with)|lands?|came|hits?|finished|obt(?:iene|"
    r"uve|uvo|enemos|uvimos|engo)|alcanz\w+|logr\w+|consigu\w+|consegu\w+|lleg[óau]\w*|saca|sacó|"
    r"da|dio|quedó)\b",
    re.IGNORECASE,
)
BASELINE = re.compile(
    r"\b(?:chance|random(?:ly)?(?! forest)|guess(?:ing|es)?|always (?:answer|predict|say)\w*|"
    r"majority|commonest|most (?:common|frequent)|dummy|al azar|azar|siempre|clase mayoritaria)\b",
    re.IGNORECASE,
)
SUBJECTS = re.compile(
    r"\b(?:(?P<linear>linear(?: model| baseline| regression)?|logistic(?: regression)?|"
    r"regresión (?:lineal|logística)|modelo lineal)|(?P<dense>dense(?! layers?)(?: net\w*| model|"
    r" baseline| version)?|mlp|fully[- ]connected|perceptr\w+|(?:red|modelo|versión) densa?o?)"
    r"|(?P<cnn>cnn|conv\w* ?nets?|convolutional(?: net\w*| model)?|red(?:es)? convoluci\w+)|"
    r"(?P<baseline>baseline|línea base)|(?P<forest>random forest|svm|svc|knn|k-nn|decision tree|"
    r"xgboost|bosque aleatorio)"
    r"|(?P<pretrained>vgg\d*|resnet\w*|mobilenet\w*|efficientnet\w*|inception\w*|xception|"
    r"densenet\w*)|(?P<numbered>(?:model|modelo|network|red|experiment|candidate|"
    r"version) (?:[a-d]\b|\d+|one|two|uno|dos))|(?P<other>(?:first|second|third|previous|earlier|initial|original|old|"
    r"smaller|bigger|larger|deeper|simpler|primer|segundo|anterior) (?:model|network|net|version|"
    r"one|attempt|modelo|red|versión|intento))|(?P<variant>(?:with|without|sin|con) (?:dropout|"
    r"augmentation|batch ?norm\w*|regulari[sz]ation|early stopping|aumento|regularización)))\b",
    re.IGNORECASE,
)
EPOCHS_TRAINED = re.compile(
    r"\b(?:trained|training (?:for|is|was|ran|took|with)|trains?|ran|run|used?|using|fit(?:ted)?|"
    r"entren(?:é|ó|ado|amos|amiento|ar|a)|usé|stopped (?:at|itself)|goes)\b",
    re.IGNORECASE,
)
EPOCHS_POINT = re.compile(
    r"\b(?:after|from|until|by|first|last|past|every|each|patience|wait\w*|around epoch|within|"
    r"next|another|more|in|about epoch|epoch|época|tras|después de|primeras|últimas|cada|desde|"
    r"hasta|a partir de|the|only|best)\s+(?:the\s+)?(?:about |around |first |last |unas )?$",
    re.IGNORECASE,
)
BARE_AFTER_LABEL = re.compile(
    r"(?:accuracy|acc|exactitud|precisión)(?: \w+){0,4}?\s*(?:of|is|was|=|:|at|reached|de|es|fue|"
    r"del)\s*(?:about|around|almost|nearly|over|just|casi|un|~|≈|\s)*$",
    re.IGNORECASE,
)
TELLS_WRONG = re.compile(
    r"^\s*(?:of|de) (?:the |all |las |los )?(?:\d+ )?(?:test |unseen |new |validation |training )?"
    r"(?:images|pictures|photos|digits|rows|examples|cases|reviews|imágenes|fotos|dígitos)(?: de (?:prueba|"
    r"validación|entrenamiento))? "
    r"(?:are|were|is|son|están|se) (?:\w+ )?(?:wrong|misclassified|incorrect\w*|mal|equivocad\w+|clasifican mal)\b",
    re.IGNORECASE,
)
"""What follows an error rate: "11 % of the test pictures are misclassified"."""
ON_ROWS = re.compile(
    r"%?\s*(?:on|in|over|for|en|with|sobre) (?:the |my |el |la |los |las |our )?(?:[\w.,]+ )?(?:de )?(?:test|"
    r"training|train|validation|val|unseen|held[- ]?out|prueba|validación|entrenamiento)\b"
    r"|\b(?:test|train|training|validation|val|prueba|validación|entrenamiento)(?: set|"
    r" data)?\s*[:=(]?\s*(?:about |was |is |a )?\d",
    re.IGNORECASE,
)
"""A number said of rows: "97 % on the test part", "train 99 %"."""
REACHED = re.compile(
    r"\b(?:reach\w*|achiev\w+|scor(?:es|ed|ing)|gets?|got|obtain\w*|attain\w*|alcanz\w+|obtu\w+|obtiene|"
    r"logr\w+|lleg[óa]\w* a)"
    r"(?: about| around| almost| nearly| over| only| just| un| el| casi)*\s*$",
    re.IGNORECASE,
)
"""What stands right before a score that is not called by name: "reaches 0.93 on the test set"."""
OPENING = re.compile(r"\W*(?:(?:so|and|y|un|el|about|around|test|prueba|result|resultado)\b\W*)*", re.IGNORECASE)
"""What may stand before a score that a line begins with: "0.92 on the test set", "Un 0,92 en test"."""
ROWS_LABEL = re.compile(
    r"\W*(?:(?:on|en)\s)?(?:the |el )?(?:test|training|train|validation|val|prueba|validación|entrenamiento)"
    r"(?: set)?(?: is| was| es)?\W*",
    re.IGNORECASE,
)
"""A label of rows right before a score: "Test 0.72"."""
READ_SHARE = re.compile(
    r"\b(?:reads|recogni[sz]es|classifies|identifies|labels|gets|clasifica|reconoce|"
    r"acierta(?: en)?|identifica)(?: correctly| right| correctamente)?(?: about| around| almost|"
    r" over| nearly| casi| el| un)*\s*$",
    re.IGNORECASE,
)
