"""What the probe tells of PyTorch: trainings, rows, epochs, scorings, seals, from loops as students write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest

from tests.probe.harness import WatchedKernel, kernel
from tests.probe.torch_idioms import (
    AUGMENTED,
    BY_HAND,
    COMPILED,
    FROM_FOLDERS,
    LOADERS,
    OTHERS,
    PRELUDE,
    SCORED,
    SCRIPTED,
    WORKERS,
)  # fmt: skip

torch = pytest.importorskip("torch", reason="PyTorch is an optional extra: pip install '.[torch]'")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedKernel]:
    with kernel(tmp_path_factory.mktemp("torch")) as watched:
        watched.run(PRELUDE)
        yield watched


@pytest.fixture(scope="module")
def loaders(running: WatchedKernel) -> tuple[int, str]:
    mark = running.mark()
    return mark, running.run(LOADERS)


def one(running: WatchedKernel, mark: int, kind: str) -> dict[str, Any]:
    (found,) = running.since(mark, kind)
    return found


def test_a_loop_over_a_loader_is_a_training(running: WatchedKernel, loaders: tuple[int, str]) -> None:
    """Steps of an optimizer make a training: its rows are those the loader gave, in epochs, with what was watched."""
    began, ended = one(running, loaders[0], "fit.began"), one(running, loaders[0], "fit.ended")
    assert began["weights"] != ended["weights"]
    assert (began["batch_size"], ended["completed"], ended["steps"]) == (32, True, 28)
    train, watched = running.row_set(ended["rows"]), running.row_set(ended["validation_rows"])
    assert (train["count"], watched["count"], train["shape"]) == (200, 40, [1, 8, 8])
    assert running.label_set(ended["labels"])["classes"] == ["0", "1", "2"]
    hashes = running.array(train["exact"]), running.array(watched["exact"])
    assert not np.isin(*hashes).any()
    assert began["callbacks"][0]["class"] == "StepLR"


def test_epochs_have_the_losses_the_student_computes(running: WatchedKernel, loaders: tuple[int, str]) -> None:
    """The history of a hand-written loop is what its author's own lists hold."""
    logs = [event["logs"] for event in running.since(loaders[0], "fit.epoch")]
    losses, validation = loaders[1].splitlines()[0], loaders[1].splitlines()[1]
    assert [item["loss"].hex() for item in logs] == eval(losses.partition(" losses ")[2])
    assert [item["val_loss"].hex() for item in logs] == eval(validation.partition(" validation ")[2])
    assert all(0 <= item["accuracy"] <= 1 and 0 <= item["val_accuracy"] <= 1 for item in logs)


def test_the_model_is_described(running: WatchedKernel, loaders: tuple[int, str]) -> None:
    """Layers in the order they are called, functions of forward between them; loss, optimizer, rate, shapes."""
    model = running.since(loaders[0], "model.described")[-1]
    kinds = [layer["class"] for layer in model["layers"]]
    assert kinds == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Dropout", "Linear"]
    assert (model["library"], model["input_shape"], model["output_shape"]) == ("torch", [None, 1, 8, 8], [None, 3])
    assert model["layers"][0]["settings"]["filters"] == 4
    assert model["parameters"] == 40 + 8 + 195
    compiled = one(running, loaders[0], "model.compiled")
    assert (compiled["loss"], compiled["from_logits"], compiled["optimizer"]) == ("CrossEntropyLoss", True, "Adam")
    assert compiled["learning_rate"] == 0.01


def test_a_state_that_comes_back_is_known(running: WatchedKernel, loaders: tuple[int, str]) -> None:
    """The best epoch's weights, kept while training went on, are those that are loaded in the end."""
    kept = {event["weights"] for event in running.since(loaders[0], "weights.kept")}
    loaded = one(running, loaders[0], "weights.loaded")
    assert loaded["how"] == "load_state_dict"
    assert loaded["weights"] in kept


def test_a_pass_over_a_test_loader_is_one_sealed_scoring(running: WatchedKernel, loaders: tuple[int, str]) -> None:
    """Batches are joined: rows, labels and answers of the whole set, the graph sealed as it was in evaluation mode."""
    mark = running.mark()
    running.run(SCORED)
    scored = one(running, mark, "model.scored")
    rows = running.row_set(scored["rows"])
    assert (rows["count"], scored["how"], "during" in scored, "active" in scored) == (60, "call", False, False)
    answers = running.array(scored["predictions"])
    assert answers.shape == (60, 3)
    assert running.label_set(scored["labels"])["counts"] == np.bincount(labels_of_test(), minlength=3).tolist()
    sealed = next(item for item in running.since(0, "model.sealed") if item["weights"] == scored["weights"])
    assert sealed["artifact"]
    assert "why_not" not in sealed


def labels_of_test() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 3, 360)[300:]


def test_batches_without_a_loader(running: WatchedKernel) -> None:
    """Rows picked by index make epochs where they begin to repeat; scoring without no_grad is a scoring."""
    mark = running.mark()
    running.run(BY_HAND)
    ended, scored = one(running, mark, "fit.ended"), one(running, mark, "model.scored")
    assert running.row_set(ended["rows"])["count"] == 240
    assert len(running.since(mark, "fit.epoch")) == 5
    assert running.row_set(scored["rows"])["count"] == 60
    assert ended["weights"] == scored["weights"]
    compiled, model = one(running, mark, "model.compiled"), running.since(mark, "model.described")[-1]
    assert (compiled["loss"], compiled["from_logits"], model["output_activation"]) == ("NLLLoss", False, "log_softmax")


def test_altered_copies_are_rows_of_later_epochs(running: WatchedKernel) -> None:
    """A data set that alters its rows brings new ones in every epoch; it is asked for none that were not wanted."""
    mark = running.mark()
    printed = running.run(AUGMENTED)
    ended = one(running, mark, "fit.ended")
    assert "asked 480" in printed
    assert running.row_set(ended["later_rows"])["count"] == 240


def test_pictures_read_from_folders_are_rows(running: WatchedKernel) -> None:
    """A data set of (path, class), as torchvision's ImageFolder is one: pictures are opened and transformed as they are
    asked for. What trained and what was scored are known by row, with their classes, and share none.
    """
    mark = running.mark()
    running.run(FROM_FOLDERS)
    ended, scored = one(running, mark, "fit.ended"), one(running, mark, "model.scored")
    train, test = running.row_set(ended["rows"]), running.row_set(scored["rows"])
    assert [(item["count"], item["shape"], item["complete"]) for item in (train, test)] == [
        (80, [1, 8, 8], True),
        (40, [1, 8, 8], True),
    ]
    assert not np.isin(running.array(test["exact"]), running.array(train["exact"])).any()
    assert ended["later_rows"]  # other pictures are mirrored in later epochs
    kinds = np.random.default_rng(0).integers(0, 3, 360)[:120]
    counted = [np.array(running.label_set(item["labels"])["counts"]) for item in (ended, scored)]
    assert (counted[0] + counted[1]).tolist() == np.bincount(kinds).tolist()


def test_closures_pairs_of_networks_and_words(running: WatchedKernel) -> None:
    """LBFGS's closure, two networks against each other, one unit with logits: each is a training of its own rows."""
    mark = running.mark()
    running.run(OTHERS)
    by_loss = [item["loss"] for item in running.since(mark, "model.compiled")]
    assert by_loss[:2] == ["MSELoss", "BCEWithLogitsLoss"]
    assert sorted(by_loss[2:]) == ["", "BCEWithLogitsLoss"]  # the generator's loss is the other network's output
    ended = running.since(mark, "fit.ended")
    assert len(ended) == 4
    assert all(item["completed"] for item in ended)


def test_dropout_left_on_is_told(running: WatchedKernel) -> None:
    """A scoring of a model that was not put into evaluation mode is marked: its answers are partly chance."""
    mark = running.mark()
    running.run("model = Net()\nwith torch.no_grad():\n    model(X_test)")
    assert one(running, mark, "model.scored")["active"] is True


def test_a_way_that_depends_on_values_is_not_sealed(running: WatchedKernel) -> None:
    """What can't be exported keeps its answers as the run gave them, with the reason; printing in forward stays once."""
    mark = running.mark()
    printed = running.run(
        "class Branching(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.out = nn.Linear(64, 3)\n"
        "    def forward(self, x):\n        print('called')\n        x = x.flatten(1)\n"
        "        return self.out(x * 2 if x.sum() > 3 else x)\n"
        "with torch.no_grad():\n    Branching().eval()(X_test)"
    )
    assert printed == "called\n"
    sealed, scored = one(running, mark, "model.sealed"), one(running, mark, "model.scored")
    assert "artifact" not in sealed
    assert sealed["why_not"]
    assert running.array(scored["predictions"]).shape == (60, 3)


LAYERS = ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Dropout", "Linear"]


def test_a_compiled_module_is_the_module_it_was_made_of(running: WatchedKernel) -> None:
    """`torch.compile` changes neither what is known of layers and shapes nor what can be sealed."""
    mark = running.mark()
    running.run(COMPILED)
    model = running.since(mark, "model.described")[-1]
    assert (model["class"], [layer["class"] for layer in model["layers"]]) == ("Net", LAYERS)
    assert model["layers"][0]["output_shape"] == [None, 4, 8, 8]
    sealed, ended = one(running, mark, "model.sealed"), one(running, mark, "fit.ended")
    assert (sealed["artifact"], sealed["weights"], ended["steps"]) == (ANY, ended["weights"], 4)
    running.run("with torch.no_grad():\n    faster._orig_mod(X_test)")
    assert {item["model"] for item in running.since(mark, "model.scored")} == {model["model"]}


def test_torchscript_is_named_by_what_it_was_made_of_and_not_sealed(running: WatchedKernel) -> None:
    """Its layers keep their names, its trainings and scorings are told; the seal says why it is none."""
    running.run(COMPILED)
    mark = running.mark()
    running.run(SCRIPTED)
    for model in running.since(mark, "model.described"):
        assert {"Conv2d", "BatchNorm2d", "Dropout", "Linear"} <= {layer["class"] for layer in model["layers"]}
        assert model["class"] == "Net"
    assert [item["steps"] for item in running.since(mark, "fit.ended")] == [4, 4]
    assert len(running.since(mark, "model.scored")) == 2  # the rows that tracing needs an example of are none
    assert all("TorchScript" in item["why_not"] for item in running.since(mark, "model.sealed"))


def test_rows_that_workers_load_are_known(running: WatchedKernel) -> None:
    """A data set read by other processes: the rows are those that arrive, each once."""
    running.run(COMPILED)
    mark = running.mark()
    running.run(WORKERS)
    ended = running.since(mark, "fit.ended")[-1]
    assert running.row_set(ended["rows"])["count"] == 240
    assert running.label_set(ended["labels"])["form"] == "int"


def test_a_compiled_step_is_told_to_be_unseen(running: WatchedKernel) -> None:
    """What happens inside a compiled function can't be told: then nothing may be said to be missing."""
    mark = running.mark()
    running.run("@torch.compile(backend='eager')\ndef step(a):\n    return a + 1\nstep(torch.ones(2))")
    assert one(running, mark, "probe.fault")["where"] == "torch.compile"


def test_hooks_that_are_taken_away_are_missed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Functions put back as they were, and an optimizers' register that was emptied."""
    with kernel(tmp_path_factory.mktemp("bare")) as bare:
        bare.run(PRELUDE)
        assert "missing" not in bare.since(0, "probe.integrity")[-1]
        bare.run(
            "F.cross_entropy = F.cross_entropy.__wrapped__\n"
            "torch.Tensor.backward = torch.Tensor.backward.__wrapped__\n"
            "import sys\nsys.modules['torch.optim.optimizer']._global_optimizer_pre_hooks.clear()"
        )
        missing = bare.since(0, "probe.integrity")[-1]["missing"]
    assert {"torch.nn.functional.cross_entropy", "Tensor.backward"} <= set(missing)
    assert any(name.startswith("Optimizer.step") for name in missing)


METRICS = """
import copy, torchmetrics
import torchmetrics.functional as measures
model = Net().eval()
matrix = torchmetrics.ConfusionMatrix(task="multiclass", num_classes=3)
several = torchmetrics.MetricCollection([
    torchmetrics.Accuracy(task="multiclass", num_classes=3),
    torchmetrics.Recall(task="multiclass", num_classes=3, average="macro"),
])
with torch.no_grad():
    for a, b in DataLoader(TensorDataset(X_test, y_test), batch_size=25):
        output = model(a)
        matrix.update(output, b)
        several(output, b)
print(matrix.compute().tolist(), {name: value.item() for name, value in several.compute().items()})
half = copy.deepcopy(matrix)
half.update(output, b)
half.compute()
whole = measures.accuracy(model(X_test).detach(), y_test, task="multiclass", num_classes=3, average="macro")
"""


def test_torchmetrics_are_read_like_metrics_of_scikit_learn(running: WatchedKernel) -> None:
    """Fed batch by batch, alone or in a collection, or given all at once: each names the scoring it is of."""
    pytest.importorskip("torchmetrics", reason="pip install torchmetrics")
    mark = running.mark()
    printed = running.run(METRICS)
    matrix, accuracy, recall, whole = running.since(mark, "metric.computed")  # a copy was not watched from the start
    assert (matrix["function"], matrix["count"]) == ("torchmetrics.confusion_matrix", 60)
    assert str(matrix["matrix"]) in printed
    assert (accuracy["function"], recall["function"]) == ("torchmetrics.accuracy_score", "torchmetrics.recall_score")
    assert whole["function"] == "torchmetrics.balanced_accuracy_score"
    assert whole["value"] == pytest.approx(recall["value"])
    scored = {item["score"] for item in running.since(mark, "model.scored")}
    assert {item.get("score") for item in (matrix, accuracy, recall, whole)} <= scored
    assert running.since(mark, "probe.fault") == []


def test_a_metric_of_a_training_is_no_result(running: WatchedKernel) -> None:
    """Answers whose gradients are still to come belong to a step; asking for their scoring would break it off."""
    pytest.importorskip("torchmetrics", reason="pip install torchmetrics")
    mark = running.mark()
    running.run(
        "import torchmetrics\nmodel = Net()\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "seen = torchmetrics.Accuracy(task='multiclass', num_classes=3)\n"
        "for a, b in DataLoader(TensorDataset(X_train, y_train), batch_size=60):\n"
        "    output = model(a)\n    seen(output, b)\n    loss = F.cross_entropy(output, b)\n"
        "    optimizer.zero_grad(); loss.backward(); optimizer.step()\nseen.compute()"
    )
    assert running.since(mark, "metric.computed") == []
    assert one(running, mark, "fit.ended")["steps"] == 4


def test_a_saved_state_belongs_to_its_module(running: WatchedKernel) -> None:
    """PyTorch's state dictionaries, alone or in a checkpoint, are told with the module's weights."""
    mark = running.mark()
    running.run(
        "import torch\nnet = torch.nn.Linear(4, 2); torch.save({'epoch': 1, 'model': net.state_dict()}, 'net.pt')\n"
        "other = torch.nn.Linear(4, 2); other.load_state_dict(torch.load('net.pt')['model'])"
    )
    (saved,), (loaded,) = running.since(mark, "file.saved"), running.since(mark, "file.loaded")
    assert (saved["how"], saved["what"], loaded["path"]) == ("torch.save", "weights", "net.pt")
    assert saved["weights"] == running.since(mark, "weights.loaded")[0]["weights"]


def test_an_accuracy_before_the_gradient_leaves_the_step_a_step(running: WatchedKernel) -> None:
    """Loops that compute each batch's accuracy before `backward()` are trainings; a scoring without no_grad is one."""
    mark = running.mark()
    running.run(
        "from sklearn.metrics import accuracy_score, confusion_matrix\n"
        "model = Net()\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "for a, b in DataLoader(TensorDataset(X_train, y_train), batch_size=60):\n"
        "    output = model(a)\n    loss = F.cross_entropy(output, b)\n    accuracy_score(b, output.argmax(1))\n"
        "    optimizer.zero_grad(); loss.backward(); optimizer.step()"
    )
    assert one(running, mark, "fit.ended")["steps"] == 4
    assert running.since(mark, "model.scored") == []
    mark = running.mark()
    running.run("confusion_matrix(y_test, model(X_test).argmax(1))")
    assert one(running, mark, "metric.computed")["score"] == one(running, mark, "model.scored")["score"]
