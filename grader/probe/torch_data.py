"""PyTorch's data: the batches that loaders give, data sets of tensors, and splits of them."""

from __future__ import annotations

import itertools
from typing import Any

from .imports import Hook
from .torch_calls import Batch, as_array, tensors_in
from .watch import Probe, called_by_student
from .wrapping import Watching, patch_function, patch_method

LABEL_KEYS = ("label", "labels", "target", "targets", "y")
"""Names of labels in batches that are dictionaries."""


class TorchData:
    """Observers of loaders and data sets: nothing is asked for that the notebook doesn't ask for."""

    def __init__(self, probe: Probe, here: Any) -> None:
        """Keep where to leave the latest batch."""
        self.probe = probe
        self.here = here
        self._numbers: dict[int, int] = {}
        self._count = itertools.count(1)

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module name."""
        return {"torch.utils.data.dataloader": self.loader, "torch.utils.data.dataset": self.dataset}

    def loader(self, module: Any) -> None:
        """Hook `torch.utils.data.dataloader`."""
        kind = module._BaseDataLoaderIter
        patch_method(kind, "__init__", self.begin, self.probe.fault)
        patch_method(kind, "_reset", self.begin, self.probe.fault)
        patch_method(kind, "__next__", self.next, self.probe.fault)

    def dataset(self, module: Any) -> None:
        """Hook `torch.utils.data.dataset`."""
        patch_method(module.TensorDataset, "__init__", self.tensors, self.probe.fault)
        patch_function(module, "random_split", self.split, self.probe.fault)

    # ------------------------------------------------------------ observers
    def begin(self, iterator: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe the beginning of a pass: a new iterator, or one of lasting workers set back."""
        yield
        self._numbers[id(iterator)] = next(self._count)

    def next(self, iterator: Any) -> Watching:
        """Observe a batch being given, or the end of the pass."""
        self.here.batch = None
        depth = self.here.depth
        self.here.depth = depth + 1  # modules that a data set calls belong to it
        try:
            batch = yield
        finally:
            self.here.depth = depth
        given = tensors_in(batch)
        if given:
            number = self._numbers.setdefault(id(iterator), next(self._count))
            self.here.batch = Batch(number, int(given[0].shape[0]), labels_in(batch, given))

    def tensors(self, dataset: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe the making of a data set of tensors: rows, and their labels."""
        yield
        rows, labels = whole(dataset)
        if rows is not None:
            self.probe.labelled(self.probe.rows.seen(rows), self.probe.labels.seen(labels))

    def split(self, dataset: Any, _lengths: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe `random_split`; the rows are known where the data set holds tensors."""
        if not called_by_student():
            return
        parts = yield
        inputs, outputs = [], []
        rows, labels = whole(dataset)
        if rows is not None:
            inputs.append(self.probe.rows.seen(rows))
            for part in parts:
                mine = self.probe.rows.seen(rows[part.indices])
                outputs.append(mine)
                if labels is not None:
                    self.probe.labelled(mine, self.probe.labels.seen(labels[part.indices]))
        generator = kwargs.get("generator", args[0] if args else None)
        seed = None if generator is None else int(generator.initial_seed())
        self.probe.send(
            "split.made",
            function="torch.utils.data.random_split",
            sizes=[len(part) for part in parts],
            settings={"random_state": seed, "shuffle": True},
            inputs=[item for item in inputs if item],
            outputs=[item for item in outputs if item],
        )


def whole(dataset: Any) -> tuple[Any, Any]:
    """Return rows and labels of a data set of tensors or a part of one, as arrays; (None, None) for any other."""
    if type(dataset).__name__ == "Subset" and type(dataset).__module__.startswith("torch."):
        rows, labels = whole(dataset.dataset)
        places = dataset.indices
        return (None, None) if rows is None else (rows[places], None if labels is None else labels[places])
    if type(dataset).__name__ != "TensorDataset" or not type(dataset).__module__.startswith("torch."):
        return None, None
    tensors = [as_array(item) for item in dataset.tensors]
    if not tensors or tensors[0].ndim < 1 or not len(tensors[0]):
        return None, None
    return tensors[0], tensors[1] if len(tensors) == 2 else None


def labels_in(batch: Any, given: list[Any]) -> Any:
    """Return the labels of a batch: the second of two, or what a dictionary calls so."""
    if isinstance(batch, dict):
        return next((batch[name] for name in LABEL_KEYS if name in batch and tensors_in(batch[name])), None)
    if isinstance(batch, (list, tuple)) and len(batch) == 2 and len(given) == 2:
        return given[1] if given[1].shape[0] == given[0].shape[0] else None
    return None
