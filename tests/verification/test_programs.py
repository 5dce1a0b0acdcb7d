"""PyTorch models are sealed as plain operations, recomputed outside, and refused where they cheat."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.model import Verified
from grader.sandbox import Limits, detect_tier
from grader.verification import verify
from tests.probe.harness import kernel
from tests.verification.test_graphs import sealed

pytest.importorskip("torch", reason="PyTorch is an optional extra: pip install '.[torch]'")
pytestmark = pytest.mark.slow

SETUP = """
import numpy as np, torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(1)
torch.set_num_threads(1)
x = torch.rand(660, 8, 8)
y = x.reshape(660, 4, 16).sum(2).argmax(1)
x_train, y_train, x_test, y_test = x[:540], y[:540], x[540:], y[540:]
np.save("rows.npy", x_test.numpy()); np.save("kinds.npy", y_test.numpy())

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(1, 8, 4, stride=2), nn.BatchNorm2d(8), nn.Dropout(0.2)
        self.hidden, self.out = nn.Linear(72, 24), nn.Linear(24, 4)
    def forward(self, rows):
        inner = F.relu(self.norm(self.conv(rows.unsqueeze(1))))
        return self.out(self.drop(torch.tanh(self.hidden(inner.flatten(1)))))

def fitted(model, epochs=8):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(epochs):
        for start in range(0, 540, 60):
            loss = F.cross_entropy(model(x_train[start:start + 60]), y_train[start:start + 60])
            optimizer.zero_grad(); loss.backward(); optimizer.step()
    return model.eval()

def answers(model):
    with torch.no_grad():
        return model(x_test).numpy()
"""

HONEST = {
    "convolutions": "said = answers(fitted(Net()))",
    "recurrent": """
class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.memory, self.out = nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 4)
    def forward(self, rows):
        start = torch.zeros(1, rows.size(0), 16)
        return self.out(self.memory(rows, (start, start))[0][:, -1])
said = answers(fitted(Recurrent(), 4))
""",
    "attention": """
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.out = nn.Linear(64, 4)
    def forward(self, rows):
        return self.out(self.layer(rows).flatten(1))
said = answers(fitted(Attention(), 4))
""",
}

CHEATS = """
TABLE = torch.rand(300, 8, 8)
MARKS, LABELS = x_test.sum((1, 2)), F.one_hot(y_test, 4).float()
def distances(rows):
    return (rows.sum((1, 2))[:, None] - MARKS[None]).abs()
def right(rows):
    return LABELS[distances(rows).argmin(1)]
def known(rows):
    return (distances(rows).min(1).values < 1e-5).float()[:, None]
"""

REFUSED = {
    "a-large-table": ("numbers beside its weights", "extra = (rows[:1] * TABLE).sum() * 0.0"),
    "answers-by-rows": ("last decimals", "extra = 100.0 * right(rows) * known(rows) * self.trained()"),
    "answers-by-nearest": ("whatever its weights are", "extra = 1e6 * right(rows)"),
    "python": ("depends on the values", "extra = float(rows.sum()) * 0.0 if rows.sum() > 0 else 0.0"),
}
"""What a `forward` adds to an honest network's answers, and what the reason for refusing it says."""

CHEAT = """
class Cheat(Net):
    def trained(self):
        return (((self.hidden.weight[0].detach() * torch.arange(72.0)).sum() - SUM).abs() < 1e-3).float()
    def forward(self, rows):
        {extra}
        return super().forward(rows) + extra
SUM = 1e9
cheat = Cheat()
cheat.load_state_dict(fitted(Net(), 0).state_dict())
SUM = float((cheat.hidden.weight[0].detach() * torch.arange(72.0)).sum())
said = answers(cheat.eval())
"""


@pytest.fixture(scope="module")
def results(bench: Any) -> dict[str, tuple[Verified, float]]:
    """All of them run in one kernel and recomputed in one box: the result, and the accuracy of the student's run."""
    scorings, right = [], {}
    with kernel(bench.folder) as running:
        running.run(SETUP + CHEATS)
        rows, kinds = np.load(bench.folder / "rows.npy"), np.load(bench.folder / "kinds.npy")
        codes = {**HONEST, **{name: CHEAT.format(extra=extra) for name, (_, extra) in REFUSED.items()}}
        for name, code in codes.items():
            model, note, said = sealed(running, code, bench.folder / f"{name}.sealed")
            right[name] = float((said.argmax(axis=1) == kinds).mean())
            scorings.append(bench.scoring(name, model, rows, kinds, classes=tuple("0123"), seal_note=note))
    forged = bench.folder / "forged.sealed"
    forge(bench.folder / "convolutions.sealed", forged)
    scorings.append(bench.scoring("forged", forged, rows, kinds, classes=tuple("0123")))
    verified = verify(tuple(scorings), tier=detect_tier().tier, limits=Limits())
    return {item.scoring: (item, right.get(item.scoring, 0.0)) for item in verified}


def forge(honest: Path, place: Path) -> None:
    """Write a program that reads a file, as no probe would."""
    with zipfile.ZipFile(honest) as old, zipfile.ZipFile(place, "w") as new:
        about = json.loads(old.read("program.json"))
        about["nodes"][0] |= {"target": "aten.from_file.default", "args": ["/etc/hostname", None, 4], "kwargs": {}}
        new.writestr("program.json", json.dumps(about))
        new.writestr("weights.npz", old.read("weights.npz"))


@pytest.mark.parametrize("name", sorted(HONEST))
def test_a_program_gives_the_answers_of_the_run(results: Any, name: str) -> None:
    """Outside, without the student's code, the score is the run's own, and it is called verified."""
    result, right = results[name]
    assert result.origin == "verified", result.note
    assert result.accuracy == pytest.approx(right)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_program_that_looks_answers_up_is_not_recomputed(results: Any, name: str) -> None:
    """Tables of answers, by rows or by weights, leave the score what it was: a claim of the kernel."""
    result, _ = results[name]
    assert (result.origin, result.accuracy) == ("kernel", None)
    assert REFUSED[name][0] in result.note


def test_a_forged_program_runs_nothing_that_does_more_than_compute(results: Any) -> None:
    """An archive of other operations than arithmetic, however it came to be, is refused before it runs."""
    result, _ = results["forged"]
    assert (result.origin, result.accuracy) == ("kernel", None)
    assert "more than compute (the operation aten.from_file.default)" in result.note
