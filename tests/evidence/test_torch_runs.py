"""Evidence from PyTorch notebooks run in real kernels: what they did comes out, leaks as well as honest work."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from grader.checks import run_checks
from grader.evidence.collecting import collect_evidence
from grader.evidence.sealing import sealed_scorings, with_recomputed
from grader.execution import run_submission
from grader.execution.settings import RunSettings
from grader.intake import load_submissions
from grader.sandbox import Limits, detect_tier
from grader.verification import verify

pytest.importorskip("torch", reason="PyTorch is an optional extra: pip install '.[torch]'")
pytestmark = pytest.mark.slow

SETUP = """
import numpy as np, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, Subset, random_split
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(y)
data = TensorDataset(x, y)
train, val, test = random_split(data, [1200, 250, 347], generator=torch.Generator().manual_seed(1))
def make():
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(288, 10))
def score(model, part):
    model.eval()
    answers, truth = [], []
    with torch.no_grad():
        for a, b in DataLoader(part, batch_size=64):
            answers += model(a).argmax(1).tolist()
            truth += b.tolist()
    return np.array(truth), np.array(answers)
def run(train, watched):
    model = make()
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=0.005), nn.CrossEntropyLoss()
    for epoch in range(3):
        model.train()
        for a, b in DataLoader(train, batch_size=64, shuffle=True):
            optimizer.zero_grad()
            criterion(model(a), b).backward()
            optimizer.step()
        truth, answers = score(model, watched)
        print(epoch, (truth == answers).mean())
    return model
"""

STORIES = {
    "honest": "model = run(train, val)\ntruth, answers = score(model, test)\nprint(confusion_matrix(truth, answers))",
    "watched": "model = run(train, test)\ntruth, answers = score(model, test)\nprint('Test:', (truth == answers).mean())",
    "leaked": "model = run(data, val)\ntruth, answers = score(model, test)\nprint('Test:', (truth == answers).mean())",
    "random": """
model = run(train, val)
model.train()
with torch.no_grad():
    answers = torch.cat([model(a).argmax(1) for a, _ in DataLoader(test, batch_size=100)])
print("Test accuracy:", (answers == y[test.indices]).float().mean().item())
""",
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Every story in its own kernel, its models recomputed: its evidence, and its findings by check."""
    folder = tmp_path_factory.mktemp("torch")
    for name, cell in STORIES.items():
        cells = [nbformat.v4.new_code_cell(part.strip()) for part in (SETUP, cell)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    tier = detect_tier()
    found = {}
    for submission in load_submissions(folder):
        run = run_submission(submission, Path(folder, "runs", submission.id), RunSettings.of(tier, timeout_s=500))
        assert run.status == "ok", run.message
        evidence = collect_evidence(submission, run)
        verified = verify(sealed_scorings(evidence, run), tier=tier.tier, limits=Limits())
        evidence = with_recomputed(evidence, verified)
        found[submission.id] = evidence, {item.check: item for item in run_checks(evidence)}
    return found


def test_honest_work_passes(judged):
    """Held-out rows, a matrix of them, a training watched on others: all seen and recomputed outside."""
    _, findings = judged["honest"]
    outcomes = {name: item.outcome for name, item in findings.items()}
    for name in ("model.trains", "model.learns", "model.output_matches_labels", "model.cnn_for_images", "split.three_way",
                 "split.held_out_test", "split.no_overlap", "evaluation.test_used_once", "evaluation.in_evaluation_mode",
                 "evaluation.confusion_matrix_correct", "evaluation.score_verified", "training.inputs_scaled"):  # fmt: skip
        assert outcomes[name] == "pass", findings[name]
    assert findings["evaluation.score_verified"].origin == "verified"
    assert not [item for item in findings.values() if item.outcome == "error"]


def test_the_test_set_watched_every_epoch_is_spent(judged):
    """Printing the test score after every epoch is watching it, as validation_data is."""
    evidence, findings = judged["watched"]
    assert evidence.scoring(evidence.final_scoring).role == "validation"
    assert findings["evaluation.test_used_once"].outcome == "fail"


def test_test_rows_in_training_are_found(judged):
    """A loader over all rows trains on the test rows too, whatever they are called later."""
    evidence, findings = judged["leaked"]
    assert evidence.scoring(evidence.final_scoring).role == "train"
    assert findings["split.held_out_test"].outcome == "fail"


def test_dropout_left_on_is_advice_and_no_forgery(judged):
    """Who forgets model.eval() prints a somewhat different score than is recomputed: that is told, and not made up."""
    _, findings = judged["random"]
    advice = findings["evaluation.in_evaluation_mode"]
    assert (advice.outcome, advice.moves_level) == ("fail", False)
    assert findings["evaluation.printed_score_genuine"].outcome == "pass"
