"""The words that topics, reasons, failures and plans are told by, English and Spanish side by side.

Both languages are always tried: students mix them, and technical terms are shared. Patterns match lower and upper case.
"""

from __future__ import annotations

import re


def compile_words(*parts: str) -> re.Pattern[str]:
    """Compile alternatives that begin at a word's start."""
    return re.compile(r"(?<![\w-])(?:" + "|".join(parts) + r")", re.IGNORECASE)


REASON = compile_words(
    r"because\b", r"since\b(?! (?:then|epoch))", r"so that\b", r"so (?:it|they|the|that|we|i|a|each|every|no)\b",
    r"which is why\b", r"that(?:'s| is) why\b", r"due to\b", r"thanks to\b", r"therefore\b", r"in order to\b",
    r"as (?:it|they|the|there|both|i|we|this|these)\b", r"means?\b", r"in other words\b",
    r"which (?:lets?|allows?|helps?|makes?|means?|gives?|keeps?|stops?|is)\b", r"that way\b", r"caused by\b",
    r"comes? from\b",
    r"to (?:avoid|prevent|reduce|keep|make|help|let|allow|stop|fight|learn|detect|find|extract|capture|turn|"
    r"get|give|see|tell|separate|fix|lower|combine|speed|save|check|compare)\b",
    r"porque\b", r"ya que\b", r"debido a\b", r"dado que\b", r"puesto que\b",
    r"para (?:que\b|no\b|\w+(?:ar|er|ir)(?:l[oae]s?|se)?\b)", r"lo que\b", r"de (?:modo|forma|manera) que\b",
    r"por (?:eso|lo que|lo tanto|tanto|ello)\b", r"así (?:que|se|el|la|no)?\b", r"significa\w*", r"es decir\b",
    r"gracias a\b", r"(?:lo|la|que|nos|les?) (?:permit|ayud)\w+",
)  # fmt: skip
"""A clause that gives a reason or a purpose."""

FUNCTION_VERBS = compile_words(
    r"learn(?:s|ing)?\b(?! (?:curve|rate))", r"detect(?:s|ing)?\b", r"find(?:s|ing)?\b",
    r"look(?:s|ing)? (?:for|at)\b", r"slid(?:es?|ing)\b", r"scan(?:s|ning)?\b", r"mov(?:es?|ing) (?:over|across)\b",
    r"extract(?:s|ing)?\b", r"captur(?:es?|ing)\b", r"pick(?:s|ing)? (?:up|out)\b", r"keep(?:s|ing)\b",
    r"keeps? (?:only|the)\b", r"halv(?:es|ing)\b", r"quarter(?:s|ing)\b", r"shrink(?:s|ing)?\b", r"reduc(?:es|ing)\b",
    r"downsampl(?:es|ing)\b", r"summari[sz](?:es|ing)\b", r"combin(?:es?|ing)\b", r"mix(?:es)\b",
    r"turn(?:s|ing)? .{1,60}? into\b", r"(?:convert|transform|translate)(?:s|ing)?\b", r"unroll(?:s|ing)?\b",
    r"flatten(?:s|ing) (?:the|this|it|an?|each|every)\b", r"squash(?:es|ing)\b", r"squeez(?:es|ing)\b",
    r"cut(?:s|ting) off\b", r"builds?\b", r"sets? .{1,20}? to\b", r"add(?:s|ing) (?:up|every)\w*", r"sum(?:s|ming)\b",
    r"multipl(?:y|ies|ying)\b", r"weigh(?:s|ing)\b", r"connect(?:s|ing)?\b", r"tak(?:es|ing) the\b",
    r"switch(?:es|ing)? off\b", r"drops? (?:\d|half|some|a|random|part)\w*", r"randomly\b", r"assign(?:s|ing)?\b",
    r"decid(?:es?|ing)\b", r"vot(?:es?|ing)\b", r"recogni[sz](?:es?|ing)\b", r"respond(?:s|ing)?\b", r"makes?\b",
    r"gives?\b", r"outputs? (?:the|an?|one|ten|\d)", r"normali[sz](?:es|ing)\b", r"stabili[sz](?:es|ing)\b",
    r"prevent(?:s|ing)?\b", r"avoid(?:s|ing)?\b", r"allow(?:s|ing)?\b", r"lets?\b", r"help(?:s|ing)?\b",
    r"forc(?:es|ing)\b", r"measur(?:es?|ing)\b", r"compar(?:es?|ing)\b", r"punish(?:es|ing)?\b",
    r"penali[sz](?:es|ing)\b", r"updat(?:es|ing)\b", r"adjust(?:s|ing)\b", r"chang(?:es|ing)\b", r"nudg(?:es|ing)\b",
    r"lower(?:s|ing)\b", r"minimi[sz](?:es|ing)\b", r"correct(?:s|ing) (?:the|its|them)\b",
    r"goes (?:over|through|\d|back|down)\b", r"passes\b", r"repeat(?:s|ed|ing)?\b", r"watch(?:es|ing)\b", r"stops?\b",
    r"tells?\b", r"says how\b",
    r"(?:is|are|gets?|becomes?|grows?) (?:\w+ )?(?:high|higher|large|larger|big|bigger|small|smaller|low|lower|"
    r"zero) (?:when|if|the more)\b",
    r"gets? (?:smaller|lower)\b",
    r"is (?:the|one|a) (?:full )?(?:pass|share|fraction|percentage|proportion|number|average|mean|measure)\b",
    r"follow(?:s|ing) the\b", r"responsible for\b", r"used (?:to|for)\b", r"aprend(?:e|en|er|iendo)\b",
    r"detect(?:a|an|ar|ando)\b", r"busc(?:a|an|ar|ando)\b", r"extra(?:e|en|er)\b", r"captur(?:a|an|ar)\b",
    r"reduc(?:e|en|ir|iendo)\b", r"conviert(?:e|en)\b", r"convertir\b", r"transform(?:a|an|ar)\b",
    r"aplan(?:a|an|ar)\b", r"combin(?:a|an|ar)\b", r"desliz\w+", r"recorr(?:e|en|er)\b", r"apag(?:a|an|ar)\b",
    r"mid(?:e|en)\b", r"(?:es|se hace|crece|son) (?:muy )?(?:grande|pequeñ[oa]|alt[oa]|baj[oa])s? (?:cuando|si)\b",
    r"(?:corta|detiene|para|vigila|recupera|restaura)\b", r"penaliz(?:a|an|ar)\b", r"castig(?:a|an|ar)\b",
    r"actualiz(?:a|an|ar)\b", r"ajust(?:a|an|ar)\b", r"minimiz(?:a|an|ar)\b", r"compar(?:a|an|ar)\b",
    r"evit(?:a|an|ar)\b", r"permit(?:e|en)\b", r"ayud(?:a|an)\b", r"sirv(?:e|en) para\b", r"se encarg(?:a|an)\b",
    r"d(?:a|an) (?:la|una|un|el)\b", r"devuelv(?:e|en)\b", r"qued(?:a|an) con\b", r"corrig(?:e|en)\b",
    r"indic(?:a|an)\b", r"pas(?:a|an) (?:por|todas?)\b", r"se (?:queda|repite)\w*\b", r"fuerz(?:a|an)\b",
    r"turns? (?:off|on)\b", r"sees?\b (?:all|every|each|the)", r"sets? (?:how|the|all|them)\b", r"adapts?\b",
    r"moves?\b",
    r"comput(?:es?|ing)\b", r"calculat(?:es?|ing)\b", r"pushes\b", r"costs? (?:a lot|more|little)\b",
    r"(?:minus|negative) (?:the )?log\w*",
    r"(?:is|are) (?:a kind of |a form of |a version of )?(?:stochastic )?gradient descent\b",
    r"(?:is|are|get|gets) corrected\b", r"shifts?\b",
    r"replac(?:es|ing)\b", r"stores?\b", r"reads?\b", r"repres(?:ents?)\b", r"deja(?:n)? pasar\b",
    r"pon(?:e|en) a cero\b",
    r"muev(?:e|en)\b", r"calcul(?:a|an)\b", r"v(?:e|en) (?:tod[oa]s|cada)\b", r"junt(?:a|an)\b", r"un(?:e|en)\b",
    r"guard(?:a|an)\b",
    r"reacts?\b", r"reaccion(?:a|an)\b", r"carr(?:y|ies) (?:along|on)\b",
    r"dice\b",
)  # fmt: skip
"""What a layer, a loss or an optimizer does."""

LAYER_TERM = compile_words(
    r"conv(?:olution\w*|2d|1d|nets?|s)?\b", r"convoluci\w+", r"(?:max|average|global)?[- ]?pool\w*", r"flatten\w*",
    r"dense\b", r"densas?\b", r"fully[- ]connected\b", r"dropout\b", r"softmax\b", r"relu\b", r"sigmoid\w*",
    r"filter?s?\b", r"kernels?\b", r"layers?\b", r"batch ?norm\w*", r"embeddings?\b", r"lstm\b", r"gru\b", r"hidden\b",
    r"neurons?\b", r"units\b", r"attention\b", r"rescaling\b", r"backbone\b", r"capas?\b", r"filtros?\b",
    r"neuronas?\b", r"aplana\w*", r"agrupa(?:ción|miento)\b",
)  # fmt: skip
LAYER_CONTENT = compile_words(
    r"edges?\b", r"curves?\b", r"strokes?\b", r"patterns?\b", r"features?\b", r"shapes?\b", r"textures?\b",
    r"corners?\b", r"lines\b", r"loops?\b", r"pixels?\b", r"images?\b", r"pictures?\b", r"photos?\b", r"windows?\b",
    r"blocks?\b", r"patch\w*", r"regions?\b", r"\dx\d\b", r"vector\b", r"one[- ]dimension\w*", r"1-?d\b", r"flat\b",
    r"probabilit\w+", r"class(?:es)?\b", r"digits?\b", r"size\b", r"smaller\b", r"resolution\b", r"position\b",
    r"wherever\b", r"shift\w*", r"strongest\b", r"maximum\b", r"overfit\w*", r"memori[sz]\w+", r"rely\b", r"noise\b",
    r"non-?linear\w*", r"negative\b", r"neighbou?r\w*", r"local\b", r"evidence\b", r"map?s\b", r"computation\b",
    r"parameters\b", r"words?\b", r"sequence\b", r"columns?\b", r"measurements?\b", r"interaction\w*", r"weighted\b",
    r"bordes?\b", r"curvas?\b", r"trazos?\b", r"patr(?:ón|ones)\b", r"características\b", r"formas?\b", r"texturas?\b",
    r"esquinas?\b", r"líneas\b", r"píxel\w*", r"pixel\w*", r"im[aá]gen(?:es)?\b", r"ventanas?\b", r"bloques?\b",
    r"regi(?:ón|ones)\b", r"probabilidad\w*", r"clases?\b", r"dígitos?\b", r"tamaño\b", r"resolución\b", r"posición\b",
    r"sobreajuste\b", r"memori\w+", r"ruido\b", r"negativ\w+", r"máximo\b", r"columnas?\b", r"mapas?\b",
    r"others\b", r"\d+ ?%", r"at random\b", r"activations?\b", r"range\b", r"learning rates?\b", r"straight\b",
    r"zero\b",
    r"combinations?\b", r"parts?\b", r"objects?\b", r"positiv\w+", r"cero\b", r"azar\b", r"partes\b", r"objetos?\b",
    r"palabras?\b",
)  # fmt: skip

TRAINING_TERM = compile_words(
    r"loss\b", r"optimi[sz]ers?\b", r"adam\b", r"sgd\b", r"rmsprop\b", r"gradients?\b", r"backprop\w*", r"epochs?\b",
    r"batch(?:es)?\b(?! ?norm)", r"learning rate\b", r"cross[- ]?entropy\b",
    r"training (?:is|means|works|goes|happens|loop|step)\b", r"training:", r"during training\b", r"early ?stopping\b",
    r"pérdida\b", r"optimizador\w*", r"gradientes?\b", r"épocas?\b", r"lotes?\b", r"tasa de aprendizaje\b",
    r"entropía\b", r"durante el entrenamiento\b", r"retropropagación\b",
    r"(?:mean )?squared error\b", r"mse\b", r"back-?propagation\b", r"descenso (?:de|del|por)\b", r"error cuadrático\b",
)  # fmt: skip
TRAINING_CONTENT = compile_words(
    r"weights?\b", r"wrong\b", r"right\b", r"correct\b", r"mistakes?\b", r"errors?\b", r"predict\w+", r"guess\w*",
    r"probabilit\w+", r"labels?\b", r"true\b", r"direction\b", r"slope\b", r"downhill\b", r"gradients?\b",
    r"confiden\w+", r"all (?:of )?the\b", r"every (?:training|image|row|example)\b", r"whole\b",
    r"training (?:images|data|set|rows|examples)\b", r"times\b", r"answers?\b", r"unseen\b", r"isn't learning from\b",
    r"steps?\b", r"pesos\b", r"errores\b", r"error\b", r"equivoc\w+", r"correct\w+", r"predicci\w+",
    r"probabilidad\w*", r"etiquetas?\b", r"dirección\b", r"todas? l[oa]s\b", r"todos los\b", r"validación\b",
    r"respuestas?\b", r"veces\b", r"pasos?\b",
    r"all the training\b", r"the training (?:pictures|photos|reviews|houses|patients)\b", r"misses\b", r"minimum\b",
    r"far\b",
    r"other way\b", r"big(?:ger)? step\b", r"small ones\b", r"off\b", r"mínimo\b", r"lejos\b", r"aleja\w*",
    r"todas las\b",
    r"peso\b", r"baja\b",
)  # fmt: skip

SCORE_TERM = compile_words(
    r"accurac\w+", r"scores?\b", r"acc\b", r"precision\b", r"recall\b", r"f1\b", r"mae\b", r"rmse\b", r"mse\b",
    r"r2\b", r"r²", r"error\b", r"results?\b", r"\d+(?:[.,]\d+)? ?%", r"\d+ (?:out )?of (?:every )?\d+",
    r"exactitud\b", r"precisión\b", r"aciertos?\b", r"acierta\b", r"puntuación\b", r"resultados?\b",
    r"\d+ de cada \d+",
    r"(?:clasifica|reconoce|predice|lee) bien\b",
    r"out of (?:every |all )?(?:the )?[\d,.]+", r"one \w+ (?:in|out of) \w+", r"one in \w+", r"una? de cada \w+",
    r"of every \w+",
)  # fmt: skip
SCORE_FUNCTION = compile_words(
    r"means?\b", r"meaning\b", r"that is\b", r"i\.e\.", r"which is\b",
    r"is the (?:share|fraction|percentage|proportion|number|average|mean|part)\b", r"how (?:many|often|much|far)\b",
    r"out of\b", r"of every\b", r"in other words\b",
    r"so (?:about|around|roughly|only|almost|nearly|it|the|\w+ (?:of|out))\b", r"compared\b", r"versus\b",
    r"better than\b", r"tells?\b", r"measures?\b", r"on average\b", r"typically\b", r"off by\b",
    r"\d+ of (?:the )?\d+", r"significa\w*", r"es decir\b", r"de cada\b",
    r"es (?:la|el) (?:proporción|porcentaje|fracción|parte|media|promedio|número)\b", r"o sea\b", r"en promedio\b",
    r"de media\b", r"comparad\w+", r"mide\b", r"mejor que\b", r"indica\b", r"cuánt\w+",
    r"says? that\b",
    r"in practice\b", r"one (?:\w+ )?in (?:\w+)\b", r"en la práctica\b",
)  # fmt: skip
SCORE_CONTENT = compile_words(
    r"right\b", r"correct\w*", r"wrong\w*", r"mistakes?\b", r"misclassif\w+", r"misread\b", r"guess\w*", r"chance\b",
    r"random\w*", r"commonest\b", r"majority\b", r"unseen\b", r"never (?:seen|saw)\b",
    r"(?:not|n't) (?:been )?(?:seen|saw|see)\b", r"new (?:images|data|photos|digits|rows|examples)\b", r"off by\b",
    r"called\b", r"always\b", r"siempre\b", r"on average\b", r"of every\b", r"out of (?:every )?\w+", r"away from\b",
    r"true\b", r"actual\b", r"aciert\w+", r"equivoc\w+", r"fall(?:a|an|os)\b", r"azar\b", r"nuev[oa]s\b",
    r"no ha(?:bía|n)? visto\b", r"nunca vi\w+", r"de cada\b", r"en promedio\b", r"reales\b",
    r"bien\b",
    r"de verdad\b", r"in reality\b", r"real(?:ly)? (?:sick|ill|positive)\b",
)  # fmt: skip

OVERFITTING = compile_words(
    r"over-?\s?fit\w*", r"sobre-?ajust\w*", r"sobre-?entren\w*", r"memori[sz](?:es?|ed|ing|ation|a|an|ar|ando)\b",
    r"generali[sz](?:es?|ed|ing|ation|a|an|ar|ación)\b",
    r"(?:gap|difference|distance) between (?:the )?(?:training|train|validation|curves|both)",
    r"(?:brecha|diferencia|distancia) entre (?:el |la )?(?:entrenamiento|validación|curvas)",
    r"curves? (?:\w+ ){0,2}?(?:apart|separate|diverge)\b",
)  # fmt: skip
OVERFITTING_CONTENT = compile_words(
    r"training\b", r"train\b", r"validation\b", r"val\b", r"memori[sz]\w+", r"unseen\b", r"new (?:data|images)\b",
    r"gap\b", r"curves?\b", r"loss\b", r"epochs?\b", r"noise\b", r"generali[sz]\w+", r"test\b", r"by heart\b",
    r"parameters\b", r"entrenamiento\b", r"validación\b", r"memori\w+", r"nuev[oa]s\b", r"curvas?\b", r"pérdida\b",
    r"épocas?\b", r"ruido\b", r"prueba\b", r"parámetros\b",
    r"losses\b", r"both (?:losses|lines|curves)\b", r"pérdidas\b",
)  # fmt: skip

TRADE_OFF_TERM = compile_words(
    r"trade-?\s?offs?\b", r"at the (?:cost|expense|price) of\b", r"in exchange\b", r"compromise\b",
    r"the price (?:is|of|for)\b", r"a cambio de\b", r"a costa de\b", r"compromiso\b", r"equilibrio entre\b",
    r"balance between\b",
)  # fmt: skip
COMPARATIVE = compile_words(
    r"(?:more|fewer|less|bigger|larger|deeper|wider|smaller|simpler|longer|higher|lower|stronger|extra|"
    r"another)\b",
    r"(?:adding|removing|increasing|doubling)\b", r"too (?:many|few|much|high|low|small|big|large|long)\b",
    r"(?:más|menos|mayor|menor|demasiad\w+)\b",
)  # fmt: skip
CONTRAST = compile_words(
    r"but\b", r"however\b", r"although\b", r"though\b", r"while\b", r"whereas\b", r"yet\b", r"only by\b",
    r"on the other hand\b", r"pero\b", r"aunque\b", r"sin embargo\b", r"mientras\b", r"en cambio\b",
)  # fmt: skip
GAIN = compile_words(
    r"accura\w+", r"right\b", r"scores?\b", r"loss(?:es)?\b", r"errors?\b", r"better\b", r"worse\b", r"gap\b",
    r"mistakes\b",
    r"sick\b", r"catch\w*", r"miss(?:es|ed)?\b", r"stronger\b", r"robust\w*", r"exactitud\b", r"aciert\w+",
    r"pérdida\b",
    r"error(?:es)?\b", r"mejor\w*", r"peor\w*", r"aprende\b",
)  # fmt: skip
"""What a choice may gain or lose in quality; `RESOURCE` is what it may cost."""
RESOURCE = compile_words(
    r"slow\w*", r"fast\w*", r"time\b", r"longer\b", r"minutes?\b", r"seconds\b", r"hours?\b", r"parameters?\b",
    r"memory\b", r"memori[sz]\w*", r"overfit\w*", r"underfit\w*", r"cost\w*", r"detail\b", r"resolution\b",
    r"precision\b", r"recall\b", r"compute\b", r"interpret\w*", r"false alarms?\b",
    r"false (?:positives?|negatives?)\b", r"lent\w+", r"rápid\w+", r"tiempo\b", r"minutos?\b", r"\d+ segundos\b",
    r"parámetros?\b", r"memoria\b", r"sobreajust\w*", r"coste\b", r"detalle\b", r"resolución\b", r"tarda\w*",
    r"tardaría\w*", r"falsos? (?:positivos?|negativos?)\b",
    r"(?:as|so) long\b", r"twice as\b", r"the double\b",
)  # fmt: skip

LOSS_DEFINITION = compile_words(
    r"loss\b", r"cross[- ]?entropy\b", r"penali\w+", r"punish\w*", r"optimi[sz]er\b", r"gradients?\b", r"backprop\w*",
    r"weights\b", r"pérdida\b", r"entropía\b", r"optimizador\b", r"gradientes?\b", r"pesos\b",
)  # fmt: skip
"""Sentences on how training works speak of wrong answers too, and admit nothing."""

NEXT_MARK = compile_words(
    r"next\b", r"future\b",
    r"(?:i|we|it|one|that|this)(?:'d|\u2019d| would| could| should| might| will| want to| plan to|'ll|"
    r" am going to)\b",
    r"would (?:like|try|add|collect|help|be to|also|want|probably|use)\b",
    r"could (?:try|add|help|improve|use|collect|be)\b", r"should (?:try|add|collect|use|help|also)\b", r"more time\b",
    r"if i had\b", r"to improve\b", r"plan(?:s|ned)? (?:is )?to\b", r"going to (?:try|add)\b",
    r"worth (?:trying|testing)\b", r"improvements?\b", r"próxim\w+",
    r"siguientes? (?:paso|prueba|versión|intento|vez)\w*", r"futur\w+", r"me gustaría\b",
    r"\w+(?:aría|ería|iría)(?:mos|n)?\b", r"podr(?:ía|íamos|ían)\b", r"habría que\b", r"si tuviera\b", r"más tiempo\b",
    r"para mejorar\b", r"quisiera\b", r"voy a (?:probar|añadir|usar)\b", r"convendría\b", r"mejoras?\b",
)  # fmt: skip
NEXT_HEADING = re.compile(r"next|future|improve|próximo|siguiente|futuro|mejora", re.IGNORECASE)
NEXT_ACTION = compile_words(
    r"add(?:ing)?\b", r"collect(?:ing)?\b", r"gather(?:ing)?\b", r"get(?:ting)?\b", r"try(?:ing)?\b",
    r"(?:re)?train(?:ing)?\b(?! (?:set|data|loss|accuracy|images|rows|curve))", r"us(?:e|ing)\b", r"augment(?:ing)?\b",
    r"tun(?:e|ing)\b", r"lower(?:ing)?\b", r"increas(?:e|ing)\b", r"decreas(?:e|ing)\b", r"reduc(?:e|ing)\b",
    r"rais(?:e|ing)\b", r"(?:re)?balanc(?:e|ing)\b", r"test(?:ing)?\b(?! (?:set|data|loss|accuracy))",
    r"replac(?:e|ing)\b", r"weight(?:ing)?\b", r"label(?:ling)?\b", r"crop(?:ping)?\b", r"rotat(?:e|ing)\b",
    r"shift(?:ing)?\b", r"compar(?:e|ing)\b", r"remov(?:e|ing)\b", r"look at\b", r"measur(?:e|ing)\b", r"oversampl\w+",
    r"stop(?:ping)?\b", r"chang(?:e|ing)\b", r"check(?:ing)?\b", r"clean(?:ing)?\b", r"feed(?:ing)?\b",
    r"photograph\b", r"record(?:ing)?\b", r"includ(?:e|ing)\b", r"giv(?:e|ing)\b", r"swap(?:ping)?\b",
    r"regulari[sz](?:e|ing)\b", r"fine-?tun(?:e|ing)\b", r"experiment\b", r"build(?:ing)?\b", r"merg(?:e|ing)\b",
    r"predict(?:ing)?\b",
    r"(?:añad|agreg|recog|recopil|prob|entren|us|utiliz|aument|ajust|baj|sub|reduc|equilibr|balance|compar|"
    r"quit|cambi|inclu|aplic|implement|rot|gir|limpi|detener|parar|buscar|conseguir|reun)(?:ar|er|ir|aría|ería|"
    r"iría|aríamos|ando|iendo|yendo)\b",
    r"recog(?:er|ería)\b", r"(?:detendría|pararía|buscaría|conseguiría|reuniría)\b",
)  # fmt: skip
NEXT_OBJECT = compile_words(
    r"dropout\b", r"augment\w*", r"rotat\w+", r"shift(?:s|ed|ing)\b", r"flips?\b", r"zoom\w*", r"class[- ]weights?\b",
    r"early stopping\b", r"learning[- ]rates?\b", r"schedul\w+", r"layers?\b", r"filters?\b", r"kernels?\b",
    r"units\b", r"neurons\b", r"batch ?norm\w*", r"regulari\w+", r"weight decay\b", r"l2\b", r"transfer learning\b",
    r"pre-?trained\b", r"resnet\w*", r"mobilenet\w*", r"efficientnet\w*", r"vgg\w*", r"resolution\b",
    r"(?:bigger|larger|sharper) images\b",
    r"(?:more|extra|additional|new|other) (?:[\w-]+ ){0,3}?(?:examples?|images?|photos?|samples?|rows?|"
    r"recordings?|pictures?|data|digits?|wines?) (?:of|for|with|from|where|written|by)\b",
    r"thresholds?\b", r"epochs\b", r"batch size\b", r"optimi[sz]ers?\b", r"ensembl\w*", r"cross[- ]validation\b",
    r"k-?fold\b", r"features?\b", r"baseline\b", r"pooling\b", r"stratif\w+", r"embeddings?\b", r"linear\b",
    r"logistic\b", r"regression\b", r"random forest\b", r"lstm\b", r"grid search\b", r"keras.?tuner\b",
    r"hyper-?param\w+", r"synthetic\b", r"oversampl\w*", r"smote\b", r"deskew\w*", r"writers\b", r"speakers\b",
    r"padding\b", r"patience\b", r"confusion matrix\b", r"log[- ]transform\w*", r"huber\b", r"cnn\b", r"conv\w*",
    r"(?:fotos|imágenes|ejemplos|muestras) (?:de|con)\b", r"(?:photos|pictures|images|recordings) (?:of|from|taken)\b",
    r"aumento de datos\b", r"rotaci\w+", r"desplazamient\w+", r"capas?\b", r"filtros?\b", r"tasa de aprendizaje\b",
    r"parada temprana\b", r"pesos (?:de|por|para)\b", r"regulariza\w*",
    r"más (?:[\w-]+ ){0,2}?(?:ejemplos|imágenes|fotos|datos|muestras|vinos|dígitos) (?:de|para|con|del)\b",
    r"resolución\b", r"épocas\b", r"transferencia\b", r"preentrenad\w+", r"validación cruzada\b", r"normalización\b",
    r"optimizador\b", r"umbral\b", r"neuronas\b", r"hiperpar\w+", r"variables\b",
    r"(?:more|extra|additional) (?!training\b|test\b|data\b|labell?ed\b|good\b|new\b|and\b|different\b|"
    r"better\b|varied\b|"
    r"of\b|input\b|sample\b|the\b)[\w-]+ (?:photos?|images?|pictures?|recordings?|reviews?|examples?|rows)\b",
    r"(?:larger|bigger|sharper|smaller) (?:pictures|photos|inputs)\b", r"imágenes (?:más )?(?:grandes|nítidas)\b",
    r"copies\b",
    r"copias\b", r"muestras\b",
)  # fmt: skip
NEXT_LABEL = re.compile(
    r"^\W*(?:next(?: steps?)?|future work|siguientes? pasos?|próximos? pasos?|trabajo futuro)\W*:", re.IGNORECASE
)
"""A label before a step that is told without a verb: "Next: two more convolution blocks"."""
NEXT_SEARCH = re.compile(
    r"\b(?:to (?:find|see|check|know|learn|tell|understand|look)|para (?:ver|saber|encontrar|entender)) (?:out |at )?"
    r"(?:which|what|where|why|the \w+ that|qué|cuáles|dónde|por qué|l[oa]s \w+ que)\b[^,;.]*",
    re.IGNORECASE,
)
NEXT_CAUSE = compile_words(
    r"because\b", r"since\b", r"so that\b", r"given\b", r"due to\b",
    r"as (?:it|they|the|there|both|these|those|most)\b", r"so (?:it|they|the|that|next|i|we)\b",
    r"to (?:help|fix|separate|tell|reduce|stop|address|avoid|prevent|see|teach|distinguish|close|make|get|find|"
    r"catch|learn)\b",
    r"if (?:that|this|it) (?:\w+ )?(?:removes?|fix(?:es)?|helps?|reduces?|separates?|solves?|lowers?)\b",
    r"(?:which|that|this|it) (?:would|should|could|might|may)\b",
    r"for (?:the|these|those|this) (?:confus|error|mistake|weak|pair)\w*", r"therefore\b", r"porque\b", r"ya que\b",
    r"debido\b", r"dado que\b", r"para (?:que|\w+(?:ar|er|ir)(?:l[oae]s?)?)\b", r"por (?:eso|lo que|tanto|ello)\b",
    r"así\b", r"pues\b",
    r"to see (?:if|whether)\b", r"como (?:la|el|los|las|hay|se|casi|much[oa]s)\b",
)  # fmt: skip
CONNECTIVE_START = re.compile(r"^(?:so\b|therefore|that(?:'s| is) why|because of|for (?:this|that) reason|this is why|"
r"to (?:fix|address|solve|help)|hence|since|por (?:eso|tanto|lo tanto|ello)|así que|"
r"para (?:arreglar|solucionar|corregir|mejorar) (?:esto|eso))", re.IGNORECASE)  # fmt: skip
ANAPHORA_START = re.compile(r"^(?:it|this|that|they|these|those|its|each|so|the (?:first|second|last) one|here|"
r"think of it|which|in other words|esto|esta|este|estas|estos|ella|eso|así|cada|su|sus|"
r"es decir|se)\b", re.IGNORECASE)  # fmt: skip

LEARNED = compile_words(
    r"i (?:\w+ )?learn(?:ed|t)\b", r"taught me\b", r"i reali[sz]ed\b", r"lessons?\b", r"takeaway\b",
    r"aprend(?:í|imos|ido)\b", r"me di cuenta\b", r"lección\b",
)  # fmt: skip

TASK_VERB = compile_words(
    r"classif\w+", r"predict\w*", r"recogni[sz]\w+", r"tell(?:s|ing)? (?:\w+ )?(?:which|whether|what|apart|if|the)\b",
    r"identif\w+", r"distinguish\w*", r"estimat\w+", r"guess\w*", r"sort(?:s|ing)? .{1,40}? into\b",
    r"says? (?:which|what|the)\b", r"outputs?\b", r"decid\w+ (?:which|whether|if)\b",
    r"read(?:s|ing)? (?:the )?(?:hand|digit)\w*", r"detect\w*", r"clasific\w+", r"predecir\b", r"predic[eh]\w*",
    r"reconoc\w+", r"identific\w+", r"distingu\w+", r"estim(?:ar|a|amos)\b", r"adivin\w+", r"salida\b",
    r"decid\w+ (?:qué|si)\b",
    r"dec(?:ir|ide|idir|idimos)\b", r"dice (?:qué|si|de|cuál)\b", r"forecast\w*", r"determin\w+", r"averigu\w+",
    r"find out\b", r"figure out\b", r"work out\b",
)  # fmt: skip
TASK_INPUT = compile_words(
    r"images?\b", r"pictures?\b", r"photos?\b", r"photographs?\b", r"pixels?\b", r"scans?\b", r"drawings?\b",
    r"rows?\b", r"measurements?\b", r"recordings?\b", r"audio\b", r"spectrograms?\b", r"features?\b", r"columns?\b",
    r"samples?\b", r"sentences?\b", r"reviews?\b", r"texts?\b", r"tweets?\b", r"signals?\b", r"tables?\b",
    r"variables?\b", r"inputs?\b", r"propert\w+", r"attributes?\b", r"characteristics\b", r"data\b", r"handwritten\b",
    r"from (?:its|their|the|\d+)\b", r"\d+ ?[x\u00d7] ?\d+", r"im[aá]gen(?:es)?\b", r"fotos?\b", r"fotografías?\b",
    r"píxel\w*", r"filas?\b", r"medi(?:das|ciones)\b", r"grabaciones\b", r"características\b", r"columnas?\b",
    r"muestras?\b", r"textos?\b", r"entradas?\b", r"variables\b", r"propiedades\b", r"datos\b", r"a partir de\b",
    r"escrit\w+ a mano\b",
    r"given\b", r"facts\b", r"x-?rays?\b", r"clips?\b", r"reseñas?\b", r"medidas\b", r"audios?\b",
    r"radiografías?\b", r"lab values\b", r"voice\b", r"songs?\b", r"emails?\b", r"mensajes?\b", r"correos?\b",
)  # fmt: skip
TASK_OUTPUT = compile_words(
    r"which\b", r"what\b", r"whether\b", r"class(?:es)?\b", r"categor\w+", r"digits?\b", r"numbers?\b", r"letters?\b",
    r"species\b", r"types?\b", r"kinds?\b", r"prices?\b", r"values?\b", r"quality\b", r"tumou?rs?\b", r"malignant\b",
    r"clothing\b", r"clothes\b", r"garments?\b", r"diabetes\b", r"disease\b", r"progression\b", r"sentiment\b",
    r"wines?\b", r"cultivars?\b", r"flowers?\b", r"into (?:\w+ )?(?:\d+|ten|two|three|four|five)\b", r"signs?\b",
    r"words?\b", r"from \d+ to \d+", r"survi\w+", r"if (?:a|an|the)\b", r"labels?\b", r"cats?\b", r"dogs?\b",
    r"objects?\b", r"qué\b", r"cuál\b", r"si (?:un|una|el|la|es)\b", r"clases?\b", r"categor\w+", r"dígitos?\b",
    r"números?\b", r"letras?\b", r"especies?\b", r"tipos?\b", r"precios?\b", r"valor(?:es)?\b", r"calidad\b",
    r"tumor\w*", r"ropa\b", r"prendas?\b", r"enfermedad\b", r"vinos?\b", r"flores\b", r"señas?\b",
    r"positive\b", r"negative\b", r"positiv[oa]\b", r"negativ[oa]\b", r"emotion\w*", r"breeds?\b", r"genres?\b",
    r"raza\b",
    r"animal(?:es)?\b", r"costs?\b", r"ages?\b", r"income\b",
    r"si (?:hay|está|tiene|va)\b", r"variet\w+", r"spam\b", r"variedad\w*", r"género\b",
)  # fmt: skip

BUZZWORDS = compile_words(
    r"synerg\w+", r"leverag\w+", r"cutting[- ]edge\b", r"state[- ]of[- ]the[- ]art\b", r"powerful\b", r"seamless\w*",
    r"paradigm\w*", r"holistic\w*", r"unlock\w*", r"revolution\w*", r"next[- ]generation\b", r"world[- ]class\b",
    r"groundbreaking\b", r"innovative\b", r"harness\w*", r"unprecedented\b", r"sophisticated\b", r"advanced\b",
    r"remarkabl\w+", r"transformative\b", r"game[- ]chang\w+", r"deep insights?\b", r"intricate\b",
    r"optimal(?:ly)?\b", r"hierarchical\b", r"latent\b", r"manifolds?\b", r"empower\w*", r"elegant\w*",
    r"vanguardia\b", r"potente\w*", r"sinergi\w+", r"revolucionari\w+", r"innovador\w*", r"holístic\w+",
    r"sofisticad\w+",
)  # fmt: skip
MAX_BUZZWORDS = 1
"""A sentence with more of them is advertising; whatever it seems to explain, it does not."""

GRADER_ADDRESS = compile_words(
    r"ignore (?:all |any |the |your )*(?:previous|prior|above|earlier|other|preceding)? ?(?:instructions?|"
    r"rubrics?|prompts?|rules)\b",
    r"disregard (?:all |any |the |your )*(?:previous|prior|above|rubric|instructions?)\b",
    r"(?:give|award|assign|grant)\b(?: [\w-]+){0,5}? (?:full|maximum|max|top|highest|perfect|best|exemplary|"
    r"good|all)(?: [\w-]+){0,2}? (?:marks?|points?|grades?|scores?|credits?|levels?)\b",
    r"(?:give|award|grant) (?:me|us|this (?:notebook|student|submission|work))(?: [\w-]+){0,3}? (?:exemplary|"
    r"a\+|100|an a)\b",
    r"full (?:marks|credit|points)\b",
    r"(?:dear|attention|note (?:to|for)|message (?:to|for)|hey|hello|to) (?:the |my |an? )?(?:ai |automatic |"
    r"automated |auto-?)?(?:grader|grading|marker|examiner|evaluator|assessor|llm|language model)\b",
    r"you are (?:now )?(?:an? )?(?:ai|language model|grader|grading|evaluator|helpful assistant|chatgpt|gpt|"
    r"llm|teacher)\b",
    r"(?:if|as) (?:you are )?an? (?:ai|llm|language model)\b",
    r"(?:grade|mark|rate|score|judge|evaluate) (?:this|me|it|the (?:notebook|submission|project|work)) (?:as|"
    r"with|at) (?:\w+ ){0,2}?(?:exemplary|proficient|excellent|full|100|top|maximum|highest|an? a\b)",
    r"(?:this|my) (?:submission|notebook|work|project) (?:deserves|should (?:get|receive|be (?:graded|given|"
    r"rated)))\b",
    r"system prompt\b", r"\[?/?inst\]", r"<\|?(?:system|im_start|assistant)",
    r"set (?:all |the )?(?:levels?|criteria|grades?|scores?) to\b", r"output (?:only )?(?:exemplary|\{)",
    r"(?:all|every) (?:criteria|criterion)\b.{0,40}\b(?:exemplary|met|pass|satisf)\w*",
    r"ignor[ae] (?:todas? )?(?:las |tus )?(?:instrucciones|indicaciones|rúbrica)\b",
    r"(?:pon|dame|ponme|dale|asigna|otorga|póngame|deme)(?:me|le)? .{0,40}?(?:nota|calificación|puntuación|"
    r"puntos)\b",
    r"(?:nota|calificación|puntuación) máxima\b", r"máxima (?:nota|calificación|puntuación)\b",
    r"(?:querido|estimado) (?:corrector|evaluador|calificador)\b",
    r"eres (?:un|una) (?:ia|modelo|corrector|evaluador|asistente)\b",
    r"calific[ae] (?:esto|este|esta) .{0,30}?(?:como|con)\b",
)  # fmt: skip
"""Text written to steer whoever or whatever grades."""
