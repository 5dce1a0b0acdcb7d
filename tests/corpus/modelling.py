"""Ways to write and train a network. To add one: a function with `@modelling` that fills `model`, `train`, `score`.

Each leaves `model`, `history` (as `curves` reads it) and a printed test score.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .draft import DataSet, Draft, Net

Modelling = Callable[[Draft, Random], Draft]
MODELLINGS: dict[str, Modelling] = {}

HISTORY = "history.history"


def modelling(make: Modelling) -> Modelling:
    """Register a way to write a model under its function's name."""
    MODELLINGS[make.__name__] = make
    return make


def network(data: DataSet, rng: Random) -> Net:
    """A small network that fits the data: convolutional for pictures."""
    units = rng.choice((16, 24, 32))
    if data.kind == "text":
        hidden = [
            "layers.Embedding(300, 16)",
            "layers.GlobalAveragePooling1D()",
            f'layers.Dense({units}, activation="relu")',
        ]
    elif data.kind == "image":
        hidden = [f'layers.Conv2D({rng.choice((8, 12, 16))}, 3, activation="relu")', "layers.MaxPooling2D()"]
        hidden += rng.choice((["layers.Flatten()"], ["layers.Flatten()", f'layers.Dense({units}, activation="relu")']))
    else:
        hidden = [f'layers.Dense({units}, activation="relu")', f'layers.Dense({units // 2}, activation="relu")']
    if rng.random() < 0.5:
        hidden.append("layers.Dropout(0.1)")
    if data.classes == 0:
        return Net(tuple(hidden), "layers.Dense(1)", rng.choice(('"mse"', '"mae"')))
    if data.classes == 2:
        return Net(tuple(hidden), 'layers.Dense(1, activation="sigmoid")', '"binary_crossentropy"')
    if rng.random() < 0.25:
        loss = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
        return Net(tuple(hidden), f"layers.Dense({data.classes})", loss)
    return Net(
        tuple(hidden), f'layers.Dense({data.classes}, activation="softmax")', '"sparse_categorical_crossentropy"'
    )


@modelling
def sequential(draft: Draft, rng: Random) -> Draft:
    """`keras.Sequential` and fit."""
    rows = [f"layers.Input({draft.data.shape})", *draft.net.hidden, draft.net.output]
    if rng.random() < 0.5:
        code = "model = keras.Sequential([\n" + "".join(f"    {row},\n" for row in rows) + "])\n"
    else:
        code = "model = keras.Sequential()\n" + "".join(f"model.add({row})\n" for row in rows)
    return _fitted(draft.but(model=code + _compile(draft)))


@modelling
def functional(draft: Draft, rng: Random) -> Draft:
    """The functional API and fit."""
    code = f"inputs = keras.Input({draft.data.shape})\nhidden = inputs\n"
    code += "".join(f"hidden = {row}(hidden)\n" for row in draft.net.hidden)
    code += f"outputs = {draft.net.output}(hidden)\nmodel = keras.Model(inputs, outputs)\n"
    return _fitted(draft.but(model=code + _compile(draft)))


@modelling
def subclassed(draft: Draft, rng: Random) -> Draft:
    """A class of one's own with `call`, and fit."""
    code = _class(draft, "")
    return _fitted(draft.but(model=code + "model = Net()\n" + _compile(draft)))


@modelling
def own_step(draft: Draft, rng: Random) -> Draft:
    """A class of one's own with its own `train_step`, and fit."""
    step = """
    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape() as tape:
            answers = self(inputs, training=True)
            loss = self.compute_loss(y=targets, y_pred=answers)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(targets, answers)
        return {metric.name: metric.result() for metric in self.metrics}
"""
    return _fitted(draft.but(model=_class(draft, step) + "model = Net()\n" + _compile(draft)))


@modelling
def frozen_base(draft: Draft, rng: Random) -> Draft:
    """A base trained first on the same rows, then frozen under a new head."""
    base = "".join(f"    {row},\n" for row in (f"layers.Input({draft.data.shape})", *draft.net.hidden))
    code = f"""
base = keras.Sequential([
{base}], name="base")
pretext = keras.Sequential([base, {draft.net.output}])
pretext.compile(optimizer=keras.optimizers.Adam(0.01), loss={draft.net.loss})
pretext.fit({draft.feed.train}, epochs={4 * draft.data.longer}, verbose=0)
base.trainable = False
model = keras.Sequential([layers.Input({draft.data.shape}), base, {draft.net.output}])
"""
    return _fitted(draft.but(model=code + _compile(draft)))


@modelling
def tape(draft: Draft, rng: Random) -> Draft:
    """A loop with GradientTape and `tf.function` of one's own."""
    rows = [f"layers.Input({draft.data.shape})", *draft.net.hidden, draft.net.output]
    model = "model = keras.Sequential([\n" + "".join(f"    {row},\n" for row in rows) + "])\n"
    model += f"optimizer = {draft.net.optimizer}\nloss_of = keras.losses.get({draft.net.loss})\n"
    model = model.replace("keras.losses.get(keras.losses.", "(keras.losses.")
    targets = "tf.cast(targets[:, None], tf.float32)" if draft.binary or draft.number else "targets"
    train, watched = (_batched(draft, part) for part in (draft.feed.train, draft.feed.watched or draft.feed.train))
    code = f"""
@tf.function
def step(inputs, targets):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(loss_of({targets}, model(inputs, training=True)))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss

history = {{"loss": [], "val_loss": []}}
for epoch in range({draft.epochs}):
    losses = [float(step(inputs, targets)) for inputs, targets in {train}]
    watched = [float(tf.reduce_mean(loss_of({targets}, model(inputs)))) for inputs, targets in {watched}]
    history["loss"].append(np.mean(losses))
    history["val_loss"].append(np.mean(watched))
    print(epoch + 1, history["loss"][-1], history["val_loss"][-1])
"""
    draft = draft.but(model=model, train=code.strip("\n"), marks=draft.marks | {"loop"})
    return draft.but(score=_score_by_hand(draft), curves="history")


@modelling
def cross_validated(draft: Draft, rng: Random) -> Draft:
    """Folds of the training rows show how good such a network is; one trained on all of them is the result."""
    kind = "KFold" if draft.number else "StratifiedKFold"
    built = sequential(draft, rng)
    body = "".join(f"    {line}\n" for line in built.model.splitlines())
    code = f"""
def build():
{body}    return model

scores = []
folds = {kind}(n_splits=3, shuffle=True, random_state={rng.randrange(100)})
for fitting_rows, checking_rows in folds.split(X_train, y_train):
    candidate = build()
    candidate.fit(X_train[fitting_rows], y_train[fitting_rows], epochs=3, batch_size=16, verbose=0)
    scores.append(candidate.evaluate(X_train[checking_rows], y_train[checking_rows], verbose=0)[1])
print(f"folds: {{np.mean(scores):.3f}} +- {{np.std(scores):.3f}}")
model = build()
"""
    return built.but(model=code, imports=(*built.imports, f"from sklearn.model_selection import {kind}"))


@modelling
def torch_loop(draft: Draft, rng: Random) -> Draft:
    """PyTorch: a module, loaders, and a loop."""
    layers = _torch_layers(draft, rng)
    if rng.random() < 0.5:
        model = "model = nn.Sequential(\n" + "".join(f"    {layer},\n" for layer in layers) + ")\n"
    else:
        made = "".join(f"            {layer},\n" for layer in layers)
        model = f"class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.stack = nn.Sequential(\n{made}        )\n"
        model += "\n    def forward(self, inputs):\n        return self.stack(inputs)\n\nmodel = Net()\n"
    answer = ".ravel()" if draft.number else ".argmax(1)"
    parts = {"train": draft.feed.train, "val": draft.feed.watched, "test": draft.feed.test}
    loaders = "".join(f"{part}_loader = {_loader(draft, part, fed)}\n" for part, fed in parts.items())
    code = f"""
{loaders}
{model}
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.{"L1Loss" if draft.number else "CrossEntropyLoss"}()

def answers_for(batches):
    model.eval()
    with torch.no_grad():
        return torch.cat([model(inputs){answer} for inputs, _ in batches]).numpy()
"""
    train = f"""
history = {{"loss": [], "val_loss": []}}
for epoch in range({draft.epochs}):
    model.train()
    losses = []
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        watched = [criterion(model(inputs), targets).item() for inputs, targets in val_loader]
    history["loss"].append(np.mean(losses))
    history["val_loss"].append(np.mean(watched))
    print(epoch + 1, history["loss"][-1], history["val_loss"][-1])
"""
    imports = ("import torch", "from torch import nn", "from torch.utils.data import DataLoader, TensorDataset")
    draft = draft.but(
        model=code.strip("\n"),
        train=train.strip("\n"),
        curves="history",
        imports=(*imports, *draft.imports),
        marks=draft.marks | {"loop", "torch"},
    )
    return draft.but(score=_score_by_hand(draft))


def _loader(draft: Draft, part: str, fed: str) -> str:
    """A loader of arrays `inputs, targets`, or of what is a data set already."""
    shuffled = ", shuffle=True" if part == "train" else ""
    if ", " not in fed:
        return f"DataLoader({fed}, batch_size=16{shuffled})"
    inputs, targets = fed.split(", ")
    image = ".permute(0, 3, 1, 2)" if draft.data.kind == "image" else ""
    kind, column = ("torch.float32", "[:, None]") if draft.number else ("torch.long", "")
    tensors = f"torch.tensor({inputs}, dtype=torch.float32){image}, torch.tensor({targets}, dtype={kind}){column}"
    return f"DataLoader(TensorDataset({tensors}), batch_size=16{shuffled})"


def _torch_layers(draft: Draft, rng: Random) -> list[str]:
    units, outputs = rng.choice((16, 24, 32)), max(draft.data.classes, 1)
    drop = ["nn.Dropout(0.1)"] if rng.random() < 0.5 else []
    if draft.data.kind == "image":
        high, wide, _ = draft.data.shape
        filters = rng.choice((8, 12))
        flat = filters * ((high - 2) // 2) * ((wide - 2) // 2)
        first = [f"nn.Conv2d(1, {filters}, 3)", "nn.ReLU()", "nn.MaxPool2d(2)", "nn.Flatten()"]
        return [*first, *drop, f"nn.Linear({flat}, {outputs})"]
    first = [
        f"nn.Linear({draft.data.shape[0]}, {units})",
        "nn.ReLU()",
        f"nn.Linear({units}, {units // 2})",
        "nn.ReLU()",
    ]
    return [*first, *drop, f"nn.Linear({units // 2}, {outputs})"]


def predicted_rows(draft: Draft) -> str:
    """The code that answers the test rows: classes, or numbers."""
    if draft.style == "torch_loop":
        return "answers_for(test_loader)"
    return classes_of(draft, f"model.predict({draft.feed.test_rows}, verbose=0)")


def classes_of(draft: Draft, answers: str) -> str:
    """The code that turns a model's answers into classes, or into one row of numbers."""
    if draft.number:
        return f"{answers}.ravel()"
    if not draft.binary:
        return f"{answers}.argmax(axis=1)"
    return f"({answers} > 0.5).astype(int).ravel()"


def fit_call(draft: Draft, model: str = "model", *, watch: bool = True) -> str:
    """The call of fit on what the draft feeds."""
    parts = [draft.feed.train]
    parts += [draft.feed.watch] if watch and draft.feed.watch else []
    parts += [f"epochs={draft.epochs}"]
    parts += ["batch_size=16"] if draft.feed.arrays else []
    parts += [f"callbacks=[{', '.join(draft.callbacks)}]"] if draft.callbacks else []
    return f"{model}.fit({', '.join(parts)}, verbose=0)"


def _fitted(draft: Draft) -> Draft:
    name, said = ("error", "MAE") if draft.number else ("accuracy", "accuracy")
    return draft.but(
        train=f"history = {fit_call(draft)}",
        score=f'loss, {name} = model.evaluate({draft.feed.test}, verbose=0)\nprint(f"Test {said}: {{{name}:.3f}}")',
        curves=HISTORY,
        marks=draft.marks | {"fit"},
    )


def _compile(draft: Draft) -> str:
    metric = "mae" if draft.number else "accuracy"
    return f'model.compile(optimizer={draft.net.optimizer}, loss={draft.net.loss}, metrics=["{metric}"])\n'


def _class(draft: Draft, more: str) -> str:
    rows = (*draft.net.hidden, draft.net.output)
    made = "".join(f"        self.layer{i} = {row}\n" for i, row in enumerate(rows))
    used = "".join(
        f"        inputs = self.layer{i}(inputs{', training=training' if 'Dropout' in row else ''})\n"
        for i, row in enumerate(rows)
    )
    head = "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    return f"{head}{made}\n    def call(self, inputs, training=False):\n{used}        return inputs\n{more}\n"


def _batched(draft: Draft, fed: str) -> str:
    if not draft.feed.arrays and "," not in fed:
        return fed
    return f"tf.data.Dataset.from_tensor_slices(({fed})).batch(16)"


def _score_by_hand(draft: Draft) -> str:
    labels = draft.feed.test_labels
    counted = (
        f"error = np.mean(np.abs(answers - {labels}))" if draft.number else f"accuracy = np.mean(answers == {labels})"
    )
    said = 'print(f"Test MAE: {error:.3f}")' if draft.number else 'print(f"Test accuracy: {accuracy:.3f}")'
    return f"answers = {predicted_rows(draft)}\n{counted}\n{said}"
