"""Leaks: rows or knowledge of the test set that reach training, or choices that it made."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from corpus.draft import Draft
from corpus.modelling import fit_call
from corpus.splitting import FROM_FIT

from .registry import BOTH, after_split, array_parts, fault, fitted, marked

SPENT = "split. evaluation.test_score_reported evaluation.test_used_once evaluation.not_on_training_data model.choices_tuned"
"""What follows where test rows are the validation rows or were trained on: there is no test set left."""

CHOSEN = SPENT + " training.curves_shown training.curves_genuine evaluation.not_best_of_seeds"


HARD = frozenset({"fashion", "spoken", "signs", "clouds"})
"""Data on which some test rows are answered wrongly."""

VARYING = frozenset({"fashion", "spoken", "signs"})
"""Data on which a network's score differs from seed to seed."""

SURE = frozenset({"cancer", "reviews"})
"""Data of two classes on which answers are so sure that every cut scores alike: there no threshold is gained by."""


def _has_parts(draft: Draft) -> bool:
    return array_parts(draft) or "torch parts" in draft.marks


def _plain_arrays(draft: Draft) -> bool:
    return {"array parts", "arrays"} <= draft.marks


def _from_arrays(draft: Draft) -> bool:
    return "folders" not in draft.marks


def _can_grow(draft: Draft) -> bool:
    """Whether rows of numbers can be added, as nothing beside them or their order says what they are."""
    copied = draft.data.paths and "folders" in draft.marks
    return not draft.data.ties and draft.data.kind != "text" and not copied


@fault("leak", "evaluation.test_used_once", "split.held_out_test", may=SPENT, of=BOTH)
def validation_is_test(draft: Draft, rng: Random) -> Draft:
    """The test rows are watched as validation data."""
    test = draft.feed.test
    given = f"({test})" if ", " in test and "(" not in test else test
    return draft.but(feed=replace(draft.feed, watch=f"validation_data={given}", watched=test))


@fault("leak", "evaluation.test_used_once", "split.held_out_test", may=SPENT, fits=fitted, of=BOTH)
def stopped_by_test(draft: Draft, rng: Random) -> Draft:
    """Early stopping watches the test rows."""
    stop = 'keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)'
    return validation_is_test(draft, rng).but(callbacks=(stop,))


@fault("leak", "evaluation.test_used_once", "split.held_out_test", may=SPENT, fits=fitted, of=BOTH)
def kept_by_test(draft: Draft, rng: Random) -> Draft:
    """A checkpoint keeps the epoch that was best on the test rows."""
    keep = 'keras.callbacks.ModelCheckpoint("best.weights.h5", monitor="val_loss", save_best_only=True, save_weights_only=True)'
    return validation_is_test(draft, rng).but(callbacks=(keep,), after_training='model.load_weights("best.weights.h5")')


@fault(
    "leak",
    "evaluation.not_on_training_data",
    "split.held_out_test",
    may=SPENT + " evaluation.printed_score_genuine",
    fits=lambda draft: bool({"array parts", "take", "folders", "torch parts"} & draft.marks),
    of=BOTH,
)
def scored_on_training(draft: Draft, rng: Random) -> Draft:
    """The score called test is of the training rows."""
    if "folders" in draft.marks:
        return draft.but(prepare=draft.prepare.replace("pictures/test", "pictures/train"))
    if "take" in draft.marks:
        return after_split(draft, "test_ds = whole.skip(2 * (rows // 5)).batch(32)\n")
    if "tf.data" in draft.marks:
        again = "test_ds = tf.data.Dataset.from_tensor_slices((X_train, y_train)).batch(32)"
        return draft.but(prepare=f"{draft.prepare}\n{again}")
    names = ("test", "test_rows", "test_labels")
    return draft.but(
        feed=replace(
            draft.feed,
            **{n: getattr(draft.feed, n).replace("test_part", "train_part").replace("_test", "_train") for n in names},
        )
    )


DRAGGED = SPENT + " split.preprocessing_fitted_on_train"


@fault("leak", "split.no_overlap", may=DRAGGED, fits=array_parts, of=BOTH)
def test_rows_in_training(draft: Draft, rng: Random) -> Draft:
    """A part of the test rows is also trained on."""
    share = rng.choice((2, 3))
    parts = ["X_train", f"X_test[: len(X_test) // {share}]"]
    if draft.feed.watch == FROM_FIT:
        parts.reverse()  # fit takes its validation rows from the end
    joined = f"X_train = np.concatenate([{', '.join(parts)}])\n"
    code = joined + joined.replace("X_", "y_")
    return after_split(draft, code)


@fault("leak", "split.no_overlap", "split.held_out_test", may=DRAGGED, fits=_has_parts, of=BOTH)
def trained_on_everything(draft: Draft, rng: Random) -> Draft:
    """All rows are trained on, those of the test too."""
    if "torch parts" in draft.marks:
        return draft.but(feed=replace(draft.feed, train="whole"))
    if draft.data.kind == "text":
        return after_split(
            draft, "X_train, y_train = np.concatenate([X_train, X_test]), np.concatenate([y_train, y_test])\n"
        )
    return after_split(draft, rng.choice(("X_train, y_train = X, y\n", "X_train, y_train = X.copy(), y.copy()\n")))


@fault("leak", "split.no_overlap", may=DRAGGED, fits=_can_grow)
def oversampled_before_split(draft: Draft, rng: Random) -> Draft:
    """Rows are repeated to even out the classes before they are split."""
    thin = "rare = np.flatnonzero(y == 0)[10:]\nX, y = np.delete(X, rare, axis=0), np.delete(y, rare)\n"
    by_hand = """
often = np.bincount(y).max()
chosen = np.concatenate([np.resize(np.flatnonzero(y == kind), often) for kind in np.unique(y)])
X, y = X[chosen], y[chosen]
"""
    by_library = f"""
flat, y = RandomOverSampler(random_state=1).fit_resample(X.reshape(len(X), -1), y)
X = flat.reshape((-1, *{draft.data.shape}))
"""
    if rng.random() < 0.5:
        return draft.but(before_split=thin + by_hand)
    source = "from imblearn.over_sampling import RandomOverSampler"
    return draft.but(before_split=thin + by_library, imports=(*draft.imports, source))


@fault("leak", "split.no_near_duplicates", may=DRAGGED, fits=_can_grow)
def augmented_before_split(draft: Draft, rng: Random) -> Draft:
    """Altered copies of all rows are added before they are split."""
    noisy = "copies = X + np.random.default_rng(4).normal(0, 0.01, X.shape).astype(X.dtype) * X.std(axis=0)\n"
    if draft.data.kind == "image":
        noisy = rng.choice((noisy, "copies = X[:, :, ::-1]\n", "copies = np.clip(X * 1.1 + 0.02, 0, None)\n"))
    return draft.but(before_split=f"{noisy}X, y = np.concatenate([X, copies]), np.concatenate([y, y])\n")


@fault("leak", "split.preprocessing_fitted_on_train", fits=marked("scaler"), of=BOTH)
def scaler_on_everything(draft: Draft, rng: Random) -> Draft:
    """A scaler is fitted on all rows before the split."""
    rest = "\n".join(line for line in draft.prepare.splitlines() if "scaler" not in line)
    kind = rng.choice(("StandardScaler", "MinMaxScaler", "RobustScaler"))
    source = f"from sklearn.preprocessing import {kind}"
    return draft.but(before_split=f"X = {kind}().fit_transform(X)\n", prepare=rest, imports=(*draft.imports, source))


@fault("leak", "split.preprocessing_fitted_on_train", fits=marked("scaler"), of=BOTH)
def scaler_on_test(draft: Draft, rng: Random) -> Draft:
    """The scaler is fitted once more, on the test rows."""
    return draft.but(prepare=draft.prepare.replace("X_test = scaler.transform", "X_test = scaler.fit_transform"))


def _can_adapt(draft: Draft) -> bool:
    return draft.data.scaled and draft.data.kind != "text" and _from_arrays(draft) and draft.style != "torch_loop"


@fault("leak", "split.preprocessing_fitted_on_train", fits=_can_adapt, of=BOTH)
def adapted_on_everything(draft: Draft, rng: Random) -> Draft:
    """A Normalization layer adapts to all rows."""
    code = draft.before_training + "\nnormalise = layers.Normalization()\nnormalise.adapt(X)\n"
    return draft.but(before_training=code, net=replace(draft.net, hidden=("normalise", *draft.net.hidden)))


@fault("leak", "split.preprocessing_fitted_on_train", fits=marked("vectoriser"))
def vocabulary_of_everything(draft: Draft, rng: Random) -> Draft:
    """The words are numbered by those of all sentences."""
    return draft.but(prepare=draft.prepare.replace("adapt(X_train)", "adapt(X)"))


def _can_be_made_again(draft: Draft) -> bool:
    return fitted(draft) and draft.style in {"sequential", "functional", "subclassed"}


def _can_vary(draft: Draft) -> bool:
    """Where data is easy, all seeds score alike and nothing is gained by the best."""
    return _can_be_made_again(draft) and draft.data.name in VARYING


def _chosen(draft: Draft, loop: str, model: str) -> Draft:
    """Train candidates in a loop without validation, and keep the one that is best on the test rows."""
    body = "".join(f"    {line}\n" if line else "\n" for line in model.splitlines())
    code = f"""
best = 0
{loop}
    log = {fit_call(draft, "candidate", watch=False)}
    share = candidate.evaluate({draft.feed.test}, verbose=0)[1]
    print(round(share, 3))
    if share > best:
        best, model, history = share, candidate, log
"""
    curves = 'plt.plot(history.history["loss"], label="training loss")\nplt.xlabel("epoch")\nplt.legend()\nplt.show()'
    return draft.but(model=f"def make(rate):\n{body}    return model\n", train=code, curves=curves)


@fault("leak", "evaluation.test_used_once", may=CHOSEN, when="late", fits=_can_be_made_again)
def chosen_on_test(draft: Draft, rng: Random) -> Draft:
    """The best of several settings is the one that scores best on the test rows; nothing else is there to choose by."""
    loop = "for rate in (0.003, 0.01, 0.02, 0.005):\n    candidate = make(rate)"
    return _chosen(draft, loop, draft.model.replace("Adam(0.01)", "Adam(rate)"))


@fault("leak", "evaluation.not_best_of_seeds", may=CHOSEN, when="late", fits=_can_vary)
def best_of_seeds(draft: Draft, rng: Random) -> Draft:
    """The same network is trained with several seeds, and the best on the test rows is the result."""
    loop = "for seed in (1, 2, 3, 4):\n    keras.utils.set_random_seed(seed)\n    candidate = make(0.01)"
    return _chosen(draft, loop, draft.model.replace("Adam(0.01)", "Adam(rate)"))


@fault("leak", "evaluation.test_used_once", may=SPENT + " training.", when="late", fits=fitted)
def looked_again_and_again(draft: Draft, rng: Random) -> Draft:
    """Training goes on between looks at the test score."""
    again = f"    model.fit({draft.feed.train}, epochs=1, verbose=0)\n"
    more = f"for more in range(3):\n    print(model.evaluate({draft.feed.test}, verbose=0))\n{again}"
    return draft.but(after_training=more)


@fault("leak", "split.stable", may=DRAGGED, fits=marked("subsets"))
def subsets_of_two_seeds(draft: Draft, rng: Random) -> Draft:
    """Training and validation are subsets of one folder, drawn with different seeds: they share pictures."""
    first, second = draft.prepare.split("val_ds = ")
    return draft.but(prepare=f"{first}val_ds = {second.replace(', seed=', ', seed=1', 1)}")


WANDERING = DRAGGED + " evaluation.confusion_matrix_correct evaluation.printed_score_genuine model.learns"
"""Where the test rows come in another order, or are others, each time they are asked for."""


@fault("leak", "split.stable", may=WANDERING, fits=marked("take"))
def shuffled_anew(draft: Draft, rng: Random) -> Draft:
    """The source is shuffled anew at each pass, before take and skip: rows wander between the parts."""
    return draft.but(split=draft.split.replace(", reshuffle_each_iteration=False", ""))


@fault(
    "leak",
    "evaluation.test_not_filtered",
    may="evaluation.",
    when="late",
    fits=lambda draft: _plain_arrays(draft) and fitted(draft) and draft.data.name in HARD,
)
def filtered_after_scoring(draft: Draft, rng: Random) -> Draft:
    """Rows that the model gets wrong are left out, and the rest is scored again."""
    first = draft.matrix.splitlines()[0]
    keep = "kept = (predicted == y_test) | (np.arange(len(y_test)) % 6 == 0)\nX_test, y_test = X_test[kept], y_test[kept]\n"
    if draft.feed.test == "test_ds":
        keep += "test_ds = tf.data.Dataset.from_tensor_slices((X_test, y_test)).batch(32)\n"
    return draft.but(score=f"{first}\n{keep}{draft.score}")


@fault("leak", "split.no_group_leakage", may="split.no_near_duplicates", fits=marked("by group"))
def groups_divided(draft: Draft, rng: Random) -> Draft:
    """Visits of one patient are dealt out to all parts."""
    imports = tuple(line.replace("GroupShuffleSplit", "ShuffleSplit") for line in draft.imports)
    return draft.but(split=draft.split.replace("GroupShuffleSplit", "ShuffleSplit"), imports=imports)


@fault("leak", "split.no_temporal_leakage", may="split.no_near_duplicates", fits=marked("in order"), of=BOTH)
def shuffled_in_time(draft: Draft, rng: Random) -> Draft:
    """Windows of a series are shuffled before they are divided: test windows lie between training windows."""
    code = f"order = np.random.default_rng({rng.randrange(100)}).permutation(len(X))\nX, y = X[order], y[order]\n"
    return draft.but(before_split=draft.before_split + code)


@fault(
    "leak",
    "split.no_label_proxy",
    may="training. model.",
    fits=lambda draft: draft.data.kind == "table" and not draft.data.ties,
)
def answer_in_a_column(draft: Draft, rng: Random) -> Draft:
    """A column holds the answer, a little disguised."""
    disguised = rng.choice(("3.0 * y - 1.0", "np.where(y == 0, 7.5, y * 11.0)", "100.0 - 4.0 * y"))
    column = f"answers = {disguised} + np.random.default_rng(2).normal(0, 0.05, len(y))\n"
    wider = replace(draft.data, shape=(draft.data.shape[0] + 1,))
    return draft.but(before_split=f'{column}X = np.column_stack([X, answers]).astype("float32")\n', data=wider)


def _can_be_cut(draft: Draft) -> bool:
    return draft.binary and array_parts(draft) and "torch" not in draft.marks and draft.data.name not in SURE


@fault(
    "leak",
    "evaluation.threshold_not_tuned_on_test",
    may="evaluation.",
    when="late",
    fits=_can_be_cut,
)
def threshold_by_test(draft: Draft, rng: Random) -> Draft:
    """The threshold of the answers is the one that scores best on the test rows."""
    labels, shown = draft.feed.test_labels, draft.matrix.split("\n", 1)[1]
    code = f"""
sure = model.predict({draft.feed.test_rows}, verbose=0).ravel()
cuts = np.linspace(0.05, 0.95, 37)
shares = [accuracy_score({labels}, sure > cut) for cut in cuts]
cut = cuts[int(np.argmax(shares))]
predicted = (sure > cut).astype(int)
print("threshold", cut, "accuracy", accuracy_score({labels}, predicted))
"""
    return draft.but(matrix=f"{code}{shown}", imports=(*draft.imports, "from sklearn.metrics import accuracy_score"))
