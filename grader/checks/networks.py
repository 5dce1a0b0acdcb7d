"""The networks of a notebook side by side: which are dense, which convolve, how many classes each tells, its score."""

from __future__ import annotations

from dataclasses import dataclass

from grader.checks.model_architecture import convolution
from grader.checks.results import StudentResult, result_of
from grader.model import Evidence, LabelFacts, ModelFacts, TrainingRun

DENSE_LAYERS = ("dense", "linear", "lazylinear")
HELD_OUT = frozenset({"test", "validation"})


@dataclass(frozen=True, slots=True)
class Network:
    """A trained network: its first training, how many classes it tells, and its score on held-out rows."""

    model: ModelFacts
    trainings: tuple[TrainingRun, ...]
    classes: int | None
    result: StudentResult | None

    @property
    def convolves(self) -> bool:
        """Whether it has convolutions or what takes their place."""
        return bool(convolution(self.model))

    @property
    def dense(self) -> bool:
        """Whether it is made of dense layers alone."""
        return not self.convolves and any(item.kind.lower().startswith(DENSE_LAYERS) for item in self.model.layers)

    @property
    def cells(self) -> tuple[int, ...]:
        """Where it was built, trained and scored."""
        built = [self.model.cell] if self.model.cell is not None else []
        scored = [self.result.scoring.cell] if self.result is not None else []
        return tuple(sorted({*built, *(item.cell for item in self.trainings), *scored}))


def trained_networks(evidence: Evidence) -> tuple[Network, ...]:
    """Return the networks that trainings made, in the order in which they were first trained."""
    found = []
    changing = [item for item in evidence.trainings if item.weights_changed is not False]
    for name in dict.fromkeys(item.model for item in changing):
        model = evidence.model(name)
        trainings = tuple(item for item in changing if item.model == name)
        if model is None:
            continue
        found.append(Network(model, trainings, classes_told(evidence, model, trainings), _result(evidence, name)))
    return tuple(found)


def best(networks: tuple[Network, ...]) -> Network | None:
    """Return the network with the best known score, the last one where no score is known."""
    return max(networks, key=_known_score, default=None)


def _known_score(network: Network) -> float:
    value = network.result.value if network.result is not None else None
    return value if value is not None else -1.0


def classes_told(evidence: Evidence, model: ModelFacts, trainings: tuple[TrainingRun, ...]) -> int | None:
    """Return how many classes the labels of a network's training rows hold, else how many its output tells apart."""
    for training in reversed(trainings):
        rows = evidence.row_set(training.train_rows)
        for labels in (training.labels, rows.labels if rows is not None else None):
            if labels is not None and _present(labels):
                return _present(labels)
    units = model.output_shape[-1] if model.output_shape else None
    return 2 if units == 1 else units


def _present(labels: LabelFacts) -> int:
    return sum(count > 0 for count in labels.counts) if labels.counts else len(labels.classes)


def _result(evidence: Evidence, model: str) -> StudentResult | None:
    """Return a network's last score on rows it did not train on, test rows before validation rows."""
    results = [result_of(evidence, item) for item in evidence.scorings if item.model == model and not item.during]
    held_out = [item for item in results if item.role in HELD_OUT and item.value is not None]
    # A look at a few rows does not replace the score of all of them.
    return max(held_out, key=lambda item: (item.role == "test", item.size, item.scoring.order), default=None)
