"""One training: what went in, what came of it. Shared by `fit` and by custom loops."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from .capping import Cap
from .channel import spelled
from .models import augmenting_layers, weights_digest
from .streams import Tee, moved
from .watch import Probe

MAX_CALLBACK_SETTINGS = 20


@dataclass
class Training:
    """A call of fit that is going on."""

    probe: Probe
    model: Any
    id: str
    rows: str | None = None
    labels: str | None = None
    validation_rows: str | None = None
    validation_labels: str | None = None
    train_tee: Tee | None = None
    validation_tee: Tee | None = None
    drawn_from: str | None = None
    validation_drawn_from: str | None = None
    iterators: int = 0
    built_with: str = ""
    """Digest after the first epoch of a model that fit itself had to build: with the first batch, Keras makes weights
    and trains them in one step."""
    unbuilt: bool = False
    stepping: bool = False
    """Whether Keras's own steps are going on, rather than callbacks between epochs."""
    put_in: str = ""
    """How weights came into the model while it was trained that no training of this run made."""
    late: bool = False
    """Noticed only after its first step: what the weights were before is not known."""
    cap: Cap | None = None
    """What a budget allows it; None where none was asked for."""
    started: float = field(default_factory=time.monotonic)

    def begin(self, **fields: Any) -> None:
        """Send `fit.began`."""
        name = self.probe.models.describe(self.model)
        weights = "" if self.late else weights_digest(self.model)
        self.unbuilt = not weights
        if not self.late:
            self.probe.models.seal_start(self.model, weights)
            self.probe.models.note_made(weights)
        self.probe.send(
            "fit.began",
            fit=self.id,
            model=name,
            rows=self.rows,
            labels=self.labels,
            validation_rows=self.validation_rows,
            validation_labels=self.validation_labels,
            weights=weights,
            **fields,
        )

    def epoch(self, number: int, logs: Any) -> None:
        """Send `fit.epoch` and close the streams' passes."""
        self.probe.send(
            "fit.epoch", fit=self.id, epoch=number, logs={str(k): spelled(_number(v)) for k, v in (logs or {}).items()}
        )
        if self.unbuilt and not self.built_with:
            self.built_with = weights_digest(self.model)
        for tee in (self.train_tee, self.validation_tee):
            if tee is not None:
                tee.end_pass()

    def note_own_weights(self) -> None:
        """Remember the weights as made by training; what follows on others is not."""
        if not self.put_in:
            self.probe.models.note_made(weights_digest(self.model))

    def look_at_weights(self, how: str) -> None:
        """Note that the weights came `how`, unless they are such as training made."""
        weights = weights_digest(self.model)
        if weights and not self.put_in and not self.probe.models.is_made(weights):
            self.put_in = how

    def end(self, error: BaseException | None = None, **fields: Any) -> None:
        """Send `fit.ended`, with the rows of streams, which are known only now."""
        later = unstable = None
        if self.train_tee is not None:
            self.rows, self.labels = self.train_tee.announce()
            later = self.train_tee.announce_later()
        if self.validation_tee is not None:
            self.validation_rows, self.validation_labels = self.validation_tee.announce()
        if self.train_tee is not None and self.validation_tee is not None:
            unstable = moved(self.train_tee, self.validation_tee)
        self.probe.models.describe(self.model)
        weights = weights_digest(self.model)
        if not self.put_in:
            self.probe.models.note_trained(weights)
        self.probe.send(
            "fit.ended",
            fit=self.id,
            completed=error is None,
            error=None if error is None else type(error).__name__,
            built_with=self.built_with,
            weights=weights,
            put_in=self.put_in or None,
            seconds=round(time.monotonic() - self.started, 3),
            rows=self.rows,
            labels=self.labels,
            validation_rows=self.validation_rows,
            validation_labels=self.validation_labels,
            later_rows=later,
            drawn_from=self.drawn_from,
            validation_drawn_from=self.validation_drawn_from,
            unstable=unstable,
            **({} if self.cap is None else {"capped": self.cap.told()}),
            **fields,
        )


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def augmentation(model: Any, data: Any) -> list[str]:
    """Return what varies the training inputs at random: layers of the model, settings of an image generator."""
    names = augmenting_layers(model)
    generator = getattr(data, "image_data_generator", None)
    if generator is not None:
        for name in ("rotation_range", "width_shift_range", "height_shift_range", "shear_range", "zoom_range"):
            value = getattr(generator, name, 0)
            ranged = isinstance(value, (list, tuple)) and list(value) not in ([0, 0], [1, 1])
            if ranged or (isinstance(value, (int, float)) and value):
                names.append(f"ImageDataGenerator.{name}")
        names += [
            f"ImageDataGenerator.{name}"
            for name in ("horizontal_flip", "vertical_flip")
            if getattr(generator, name, False)
        ]
    return names


def rows_behind(data: Any) -> Any:
    """Return the rows an iterator makes altered copies of (`ImageDataGenerator.flow(x)`), None for anything else."""
    if getattr(data, "image_data_generator", None) is None or not hasattr(data, "__getitem__"):
        return None
    return getattr(data, "x", None)


def callbacks_given(callbacks: Any) -> list[dict[str, Any]]:
    """Return the callbacks with what they watch and their plain settings."""
    if callbacks is None:
        return []
    if not isinstance(callbacks, (list, tuple)):
        callbacks = getattr(callbacks, "callbacks", None) or [callbacks]
    out = []
    for callback in callbacks:
        settings = {
            name: value
            for name, value in vars(callback).items()
            if not name.startswith("_") and name != "monitor" and isinstance(value, (bool, int, float, str))
        }
        out.append(
            {
                "class": type(callback).__name__,
                "monitor": str(getattr(callback, "monitor", "") or ""),
                "settings": dict(list(settings.items())[:MAX_CALLBACK_SETTINGS]),
            }
        )
    return out


def compile_fields(model: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `model.compiled` from a compiled model and the arguments of `compile`."""
    optimizer = getattr(model, "optimizer", None)
    return {
        "loss": _named(arguments.get("loss")),
        "from_logits": _from_logits(arguments.get("loss")),
        "optimizer": type(optimizer).__name__ if optimizer is not None else "",
        "learning_rate": _learning_rate(optimizer),
        "metrics": _metric_names(arguments.get("metrics")),
    }


def _named(thing: Any) -> str:
    if thing is None or isinstance(thing, str):
        return thing or ""
    if isinstance(thing, (list, tuple)):
        return ", ".join(_named(item) for item in thing)
    if isinstance(thing, dict):
        return ", ".join(f"{name}: {_named(item)}" for name, item in thing.items())
    return str(getattr(thing, "__name__", None) or getattr(thing, "name", None) or type(thing).__name__)


def _from_logits(loss: Any) -> bool | None:
    settings = getattr(loss, "_fn_kwargs", None)
    if isinstance(settings, dict) and "from_logits" in settings:
        return bool(settings["from_logits"])
    value = getattr(loss, "from_logits", None)
    return bool(value) if isinstance(value, bool) else (False if isinstance(loss, str) and "entropy" in loss else None)


def _learning_rate(optimizer: Any) -> float | None:
    if optimizer is None:
        return None
    rate: Any = getattr(optimizer, "_learning_rate", None)
    if rate is None:  # the older optimizers of Keras 2; asking them by name would make their variables
        rate = (getattr(optimizer, "_hyper", None) or {}).get("learning_rate")
    if hasattr(rate, "get_config"):
        rate = rate.get_config().get("initial_learning_rate")
    if hasattr(rate, "numpy"):
        rate = rate.numpy()
    return _number(rate)


def _metric_names(metrics: Any) -> list[str]:
    if metrics is None:
        return []
    if isinstance(metrics, dict):
        metrics = list(metrics.values())
    if not isinstance(metrics, (list, tuple)):
        metrics = [metrics]
    return [_named(metric) for metric in metrics]
