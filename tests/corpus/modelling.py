"""Ways to write and train a network. To add one: a function with `@modelling` that fills `model`, `train`, `score`.

Each leaves `model`, `history` (as `curves` reads it) and a printed test score.
"""

from __future__ import annotations

import textwrap
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
    if data.kind == "image":
        hidden = [f'layers.Conv2D({rng.choice((8, 12, 16))}, 3, activation="relu")', "layers.MaxPooling2D()"]
        hidden += rng.choice((["layers.Flatten()"], ["layers.Flatten()", f'layers.Dense({units}, activation="relu")']))
    else:
        hidden = [f'layers.Dense({units}, activation="relu")', f'layers.Dense({units // 2}, activation="relu")']
    if rng.random() < 0.5:
        hidden.append("layers.Dropout(0.1)")
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
pretext.fit({draft.feed.train}, epochs=4, verbose=0)
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
    binary = draft.binary
    targets = "tf.cast(targets[:, None], tf.float32)" if binary else "targets"
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


def classes_of(draft: Draft, answers: str) -> str:
    """The code that turns a model's answers into classes."""
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
    return draft.but(
        train=f"history = {fit_call(draft)}",
        score=f'loss, accuracy = model.evaluate({draft.feed.test}, verbose=0)\nprint(f"Test accuracy: {{accuracy:.3f}}")',
        curves=HISTORY,
        marks=draft.marks | {"fit"},
    )


def _compile(draft: Draft) -> str:
    return f'model.compile(optimizer={draft.net.optimizer}, loss={draft.net.loss}, metrics=["accuracy"])\n'


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
    answers = f"model.predict({draft.feed.test_rows}, verbose=0)"
    return textwrap.dedent(f"""
        answers = {classes_of(draft, answers)}
        accuracy = np.mean(answers == {draft.feed.test_labels})
        print(f"Test accuracy: {{accuracy:.3f}}")
    """).strip()
