"""Cells of PyTorch as students write them, each with random state: with and without the probe they must agree.

`report(name, value)` prints values bit for bit.
"""

from __future__ import annotations

PRELUDE = """
import copy, hashlib, random, warnings
import numpy as np, torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset, random_split
torch.set_num_threads(1)

def report(name, value):
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        value = (str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest())
    if isinstance(value, list):
        value = [item.hex() if isinstance(item, float) else item for item in value]
    print(name, value)

def after(name):
    report(name, [random.random(), float(np.random.rand()), torch.rand(()).item()])

random.seed(0)
np.random.seed(0)
rng = np.random.default_rng(0)
y_all = rng.integers(0, 3, 360)
X_all = (rng.random((360, 1, 8, 8)) * 0.4 + (y_all / 4)[:, None, None, None]).astype("float32")
X_train, y_train = torch.tensor(X_all[:240]), torch.tensor(y_all[:240])
X_val, y_val = torch.tensor(X_all[240:300]), torch.tensor(y_all[240:300])
X_test, y_test = torch.tensor(X_all[300:]), torch.tensor(y_all[300:])

class Net(nn.Module):
    def __init__(self, dropout=0.3):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.drop, self.out = nn.Dropout(dropout), nn.Linear(64, 3)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return self.out(self.drop(x.view(x.size(0), -1)))

def evaluate(model, loader, criterion):
    model.eval()
    total, right, answers = 0.0, 0, []
    with torch.no_grad():
        for a, b in loader:
            output = model(a)
            total += criterion(output, b).item()
            right += (output.argmax(1) == b).sum().item()
            answers.append(output)
    return total / len(loader), right / len(loader.dataset), torch.cat(answers)
"""

LOADERS = """
torch.manual_seed(1)
data = TensorDataset(X_train, y_train)
part, val = random_split(data, [200, 40], generator=torch.Generator().manual_seed(7))
batches = DataLoader(part, batch_size=32, shuffle=True, generator=torch.Generator().manual_seed(3))
val_batches, test_batches = DataLoader(val, batch_size=16), DataLoader(TensorDataset(X_test, y_test), batch_size=25)
model, criterion = Net(), nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
losses, val_losses, best, best_state = [], [], 9.0, None
for epoch in range(4):
    model.train()
    total = 0.0
    for a, b in batches:
        optimizer.zero_grad()
        loss = criterion(model(a), b)
        loss.backward()
        optimizer.step()
        total += loss.item()
    losses.append(total / len(batches))
    value, _, _ = evaluate(model, val_batches, criterion)
    val_losses.append(value)
    scheduler.step()
    if value < best:
        best, best_state = value, copy.deepcopy(model.state_dict())
model.load_state_dict(best_state)
report("loaders losses", losses)
report("loaders validation", val_losses)
after("loaders")
"""

SCORED = """
value, accuracy, answers = evaluate(model, test_batches, criterion)
report("scored", [value, accuracy])
report("scored answers", answers)
for name, weight in model.state_dict().items():
    report(name, weight)
after("scored")
"""

BY_HAND = """
torch.manual_seed(2)
flat = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3), nn.LogSoftmax(dim=1))
optimizer = torch.optim.SGD(flat.parameters(), lr=0.1, momentum=0.9)
losses = []
for epoch in range(5):
    order = torch.randperm(len(X_train))
    for start in range(0, len(order), 60):
        picked = order[start:start + 60]
        loss = F.nll_loss(flat(X_train[picked]), y_train[picked])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
flat.eval()
report("by hand losses", losses)
report("by hand answers", flat(X_test))
after("by hand")
"""

AUGMENTED = """
torch.manual_seed(3)
random.seed(3)
class Pictures(Dataset):
    def __init__(self, x, y, training):
        self.x, self.y, self.training, self.asked = x, y, training, 0
    def __len__(self):
        return len(self.x)
    def __getitem__(self, place):
        self.asked += 1
        picture = self.x[place]
        if self.training and random.random() < 0.5:
            picture = torch.flip(picture, dims=(2,))
        return picture + 0.01 * torch.rand(1), self.y[place]
pictures = Pictures(X_train, y_train, True)
model = Net()
optimizer = torch.optim.AdamW(model.parameters())
losses = []
for epoch in range(2):
    for a, b in DataLoader(pictures, batch_size=50, shuffle=True):
        loss = nn.CrossEntropyLoss()(model(a), b)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
report("augmented losses", losses)
report("augmented asked", pictures.asked)
after("augmented")
"""

FROM_FOLDERS = """
import os, tempfile
from PIL import Image
torch.manual_seed(8)
random.seed(8)
root = tempfile.mkdtemp()
for place, (picture, label) in enumerate(zip(X_all[:120, 0], y_all[:120])):
    os.makedirs(f"{root}/kind{label}", exist_ok=True)
    Image.fromarray((picture * 255).astype("uint8")).save(f"{root}/kind{label}/{place}.png")

class PictureFolder(Dataset):
    def __init__(self, root, transform=None):
        self.classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
        self.samples = [
            (os.path.join(root, name, file), label)
            for label, name in enumerate(self.classes)
            for file in sorted(os.listdir(os.path.join(root, name)))
        ]
        self.targets = [label for _, label in self.samples]
        self.transform = transform
    def __len__(self):
        return len(self.samples)
    def __getitem__(self, index):
        path, label = self.samples[index]
        with open(path, "rb") as stream:
            picture = Image.open(stream).convert("L")
        return (self.transform(picture) if self.transform else picture), label

def to_tensor(picture):
    return torch.from_numpy(np.array(picture, dtype="float32")[None] / 255)
def maybe_mirrored(picture):
    return to_tensor(picture.transpose(Image.FLIP_LEFT_RIGHT) if random.random() < 0.5 else picture)

order = torch.randperm(120).tolist()
plain, altered = PictureFolder(root, to_tensor), PictureFolder(root, maybe_mirrored)
train_batches = DataLoader(Subset(altered, order[40:]), batch_size=16, shuffle=True)
test_batches = DataLoader(Subset(plain, order[:40]), batch_size=20)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
losses = []
for epoch in range(3):
    model.train()
    for a, b in train_batches:
        loss = F.cross_entropy(model(a), b)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
report("from folders losses", losses)
report("from folders scored", list(evaluate(model, test_batches, nn.CrossEntropyLoss())[:2]))
after("from folders")
"""

OTHERS = """
torch.manual_seed(4)
values, target = X_train.reshape(240, 64), X_train.reshape(240, 64)[:, :5].sum(1, keepdim=True)
line = nn.Linear(64, 1)
optimizer = torch.optim.LBFGS(line.parameters(), lr=0.5, max_iter=5)
losses = []
def closure():
    optimizer.zero_grad()
    loss = F.mse_loss(line(values), target)
    loss.backward()
    losses.append(loss.item())
    return loss
for epoch in range(3):
    optimizer.step(closure)
report("others closure", losses)
binary = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(binary.parameters(), lr=0.05)
sides = (y_train > 0).float().unsqueeze(1)
losses = []
for epoch in range(6):
    loss = nn.BCEWithLogitsLoss()(binary(X_train), sides)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    losses.append(loss.item())
report("others binary", losses)
words = nn.Sequential(nn.Embedding(20, 4), nn.Flatten(), nn.Linear(24, 2))
report("others words", words(torch.randint(0, 20, (5, 6))))
made, judge = nn.Linear(4, 64), nn.Linear(64, 1)
first, second = torch.optim.Adam(made.parameters()), torch.optim.Adam(judge.parameters())
losses = []
for step in range(4):
    fake = made(torch.randn(16, 4))
    loss = F.binary_cross_entropy_with_logits(judge(fake.detach()), torch.zeros(16, 1))
    second.zero_grad(); loss.backward(); second.step()
    back = F.binary_cross_entropy_with_logits(judge(fake), torch.ones(16, 1))
    first.zero_grad(); back.backward(); first.step()
    losses += [loss.item(), back.item()]
report("others adversarial", losses)
traced = torch.fx.symbolic_trace(binary)
report("others traced", traced(X_test))
after("others")
"""

COMPILED = """
torch.manual_seed(5)
def looped(model, batches):
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.05), []
    model.train()
    for a, b in batches:
        loss = F.cross_entropy(model(a), b)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        return losses, model(X_test)
train_batches = DataLoader(TensorDataset(X_train, y_train), batch_size=60)
faster = torch.compile(Net(), backend="eager")
losses, answers = looped(faster, train_batches)
report("compiled losses", losses)
report("compiled answers", answers)
after("compiled")
"""

SCRIPTED = """
torch.manual_seed(6)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    scripted, traced = torch.jit.script(Net()), torch.jit.trace(Net().eval(), X_train[:4])
for model in (scripted, traced):
    losses, answers = looped(model, train_batches)
    report("scripted losses", losses)
    report("scripted answers", answers)
after("scripted")
"""

WORKERS = """
torch.manual_seed(7)
class Scaled(Dataset):
    def __len__(self):
        return len(X_train)
    def __getitem__(self, place):
        return X_train[place] * 2, y_train[place]
lasting = DataLoader(Scaled(), batch_size=48, shuffle=True, num_workers=2, persistent_workers=True)
model = Net()
for epoch in range(2):
    losses, answers = looped(model, lasting)
    report("workers losses", losses)
report("workers answers", answers)
del lasting
after("workers")
"""

MISTAKES = """
import traceback
for attempt in (
    lambda: Net()(torch.zeros(2, 3, 8, 8)),
    lambda: nn.CrossEntropyLoss()(torch.zeros(3, 2), torch.zeros(2, dtype=torch.long)),
    lambda: torch.zeros(3).backward(),
    lambda: next(iter(DataLoader([]))),
    lambda: Net().load_state_dict({}),
    lambda: random_split(TensorDataset(X_test), [1, 2]),
):
    try:
        attempt()
    except Exception as error:
        print(type(error).__name__, str(error)[:200], len(traceback.extract_tb(error.__traceback__)))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    nn.MSELoss()(torch.zeros(3), torch.zeros(3, 1))
    torch.optim.lr_scheduler.StepLR(torch.optim.SGD(Net().parameters(), lr=0.1), 1).step()
print([(w.category.__name__, str(w.message)[:50], w.filename.rpartition("/")[2][:12], w.lineno) for w in caught])
print(nn.Module.__call__.__name__, F.cross_entropy.__module__, torch.Tensor.backward.__name__)
"""

ALL = {
    "loaders": LOADERS,
    "scored": SCORED,
    "by_hand": BY_HAND,
    "augmented": AUGMENTED,
    "from folders": FROM_FOLDERS,
    "others": OTHERS,
    "compiled": COMPILED,
    "scripted": SCRIPTED,
    "workers": WORKERS,
    "mistakes": MISTAKES,
}
