"""Advice is written in Keras's words; a network of PyTorch is mended in PyTorch's."""

from __future__ import annotations

import re
from dataclasses import replace

from grader.checks.results import model_of
from grader.checks.verdicts import Verdict
from grader.model import Evidence

_OWN_PART = "a part of their own, by random_split"
_CLASSES = "nn.CrossEntropyLoss on class numbers"
_TWO = "one output with nn.BCEWithLogitsLoss for two classes, or one output per class with nn.CrossEntropyLoss"
_KEEP_BEST = (
    "After each epoch keep copy.deepcopy(model.state_dict()) where the validation loss is the lowest so far; stop when "
    "it has not fallen for three epochs, and load what was kept"
)

WORDS: tuple[tuple[str, str], ...] = (
    (r"keras\.utils\.set_random_seed\(0\)", "torch.manual_seed(0)"),
    (r"keras\.datasets\.fashion_mnist\.load_data\(\) \(or (torchvision\.datasets\.FashionMNIST)\)", r"\1"),
    # scoring
    (r"model\.evaluate\(x_test, y_test\)", "model.eval(), then count the right answers under torch.no_grad()"),
    (r"model\.predict\(x_test\)\.argmax\(axis=1\)", "model(x_test).argmax(dim=1)"),
    (r"\(model\.predict\(x_test\) > 0\.5\)\.astype\(int\)", "(torch.sigmoid(model(x_test)) > 0.5).int()"),
    (r"plt\.scatter\(y_test, model\.predict\(x_test\)\)", "plt.scatter(y_test, model(x_test).detach())"),
    (
        r"again = keras\.models\.load_model\('classifier\.keras'\), and predict",
        "Load 'classifier.pt' with load_state_dict into a new network, and predict",
    ),
    (
        r"np\.allclose\(model\.predict\(x\), keras\.models\.load_model\('classifier\.keras'\)\.predict\(x\)\)",
        "torch.allclose(model(x), again(x)), where again is a new network with the saved state_dict",
    ),
    (
        r"Plot history\.history\['loss'\] into loss_curve\.png, or keep CSVLogger\('log\.csv'\)",
        "Plot the losses of the epochs into loss_curve.png, or write them to log.csv",
    ),
    (r"model\.predict\(", "model("),
    (
        r"model\.save\('model\.keras'\); then again = keras\.models\.load_model\('model\.keras'\)",
        "torch.save(model.state_dict(), 'model.pt'); then load_state_dict(torch.load('model.pt')) in a new network",
    ),
    # training
    (r"Give fit other rows to watch \(validation_split=0\.2\)", f"Watch other rows between the epochs ({_OWN_PART})"),
    (
        r"no fit ever sees \(neither as training nor as validation_data\)",
        "no epoch sees (to train or to watch)",
    ),
    (
        r"fit\(\.\.\., validation_split=0\.2\), and plot history\.history\['val_loss'\] beside 'loss'",
        "Score a validation part after each epoch, keep its loss in a list, and plot it beside the training loss",
    ),
    (r"validation_split=0\.2", _OWN_PART),
    (
        r"Plot history\.history\['loss'\], \['val_loss'\], \['accuracy'\] and \['val_accuracy'\] over the epochs",
        "Keep loss and accuracy of each epoch, of training and validation rows, in four lists, and plot them",
    ),
    (
        r"Plot history\.history\['loss'\] and \['val_loss'\] over the epochs",
        "Keep the training and the validation loss of each epoch in two lists, and plot them",
    ),
    (r"Plot history\.history as fit returned it", "Plot the losses as the loop collected them"),
    (
        r"Add one, for instance EarlyStopping\(monitor='val_loss', patience=3\)",
        "Add one, for instance a stop when the validation loss has not fallen for three epochs",
    ),
    (r"fit\(\.\.\., callbacks=\[EarlyStopping\(.*?restore_best_weights=True\)\]\)", _KEEP_BEST),
    (r"EarlyStopping\(.*?restore_best_weights=True\), or ModelCheckpoint\(.*?\) beside it", _KEEP_BEST),
    (r"EarlyStopping or Dropout", "a stop by validation loss or nn.Dropout"),
    (r"model\.fit\(x_train\[:10\], y_train\[:10\], epochs=100\)", "Train on x_train[:10] alone for 100 epochs"),
    (r"(\w) with fit\b", r"\1 with steps of an optimizer"),
    (r"trainable = False", "requires_grad = False"),
    # layers and losses
    (
        r"Give every layer but the last an activation: .*?\)",
        "Put an activation such as nn.ReLU() after all but the last",
    ),
    (r"Give (\S+) an activation, such as activation='relu'", r"Put nn.ReLU() after \1"),
    (
        r"Dense\((.+?), activation='softmax'\) with sparse_categorical_crossentropy",
        rf"nn.Linear(..., \1) with {_CLASSES}",
    ),
    (r"End with Dense\((.+?), activation='softmax'\)", r"End with nn.Linear(..., \1) and nn.CrossEntropyLoss"),
    (r"Use Dense\(1, activation='sigmoid'\) for two classes, or one softmax unit per class", f"Use {_TWO}"),
    (r"Use binary_crossentropy with Dense\(1, activation='sigmoid'\), or one softmax unit per class", f"Use {_TWO}"),
    (
        r"Remove activation='(\w+)', or use the loss without from_logits=True",
        r"Remove the \1: the loss applies it itself",
    ),
    (
        r"Give the last layer activation='\w+', or the loss from_logits=True",
        "Use nn.CrossEntropyLoss (or nn.BCEWithLogitsLoss), which takes the output as it is",
    ),
    (r"Use softmax with sparse_categorical_crossentropy .*one-hot\)", f"Use {_CLASSES}"),
    (r"Use categorical_crossentropy \(one-hot labels\) or .*\(class numbers\)", f"Use {_CLASSES}"),
    (r"Use categorical_crossentropy, or labels as class numbers", f"Use {_CLASSES}"),
    (r"Use sparse_categorical_crossentropy, or to_categorical\(y\)", f"Use {_CLASSES}"),
    (r"Use binary_crossentropy, which was made for \w+", "Use nn.BCEWithLogitsLoss without the sigmoid"),
    (r"Use categorical_crossentropy, which was made for \w+", "Use nn.CrossEntropyLoss without the activation"),
    (r"Use the loss 'mse' or 'mae'", "Use nn.MSELoss or nn.L1Loss"),
    (r"Dense\((\d+), softmax\)", r"Linear(..., \1)"),
    (r"Dense\((\d+)\)", r"Linear(..., \1)"),
    (r"Conv2D", "Conv2d"),
    (r"MaxPooling2D", "MaxPool2d"),
    (r"BatchNormalization", "nn.BatchNorm2d"),
)
"""What advice says in Keras's words (patterns), and in PyTorch's; the first that fit count."""


def in_own_words(verdict: Verdict, evidence: Evidence) -> Verdict:
    """Return a verdict in the words of the library that the notebook's network is written in."""
    if not _is_of_torch(evidence):
        return verdict
    summary = verdict.summary.replace(" (from_logits=True)", "")  # no more of it: a summary may quote the student
    return replace(verdict, summary=summary, fix=None if verdict.fix is None else in_torch_words(verdict.fix))


def _is_of_torch(evidence: Evidence) -> bool:
    model = model_of(evidence)
    if model is not None:
        return model.library == "torch"
    roots = {name.partition(".")[0] for name in evidence.code.imports}
    return "torch" in roots and not roots & {"keras", "tensorflow"}


def in_torch_words(text: str) -> str:
    """Return advice as it is said of PyTorch."""
    for pattern, words in WORDS:
        text = re.sub(pattern, words, text)
    return text
