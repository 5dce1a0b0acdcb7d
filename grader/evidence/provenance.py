"""Whether the weights that were scored are those that the watched trainings made."""

from __future__ import annotations

from grader.evidence.fits import Fit
from grader.evidence.lineage import Lineage
from grader.evidence.parsing import Log
from grader.evidence.records import Described, Scored, WeightsKept, WeightsLoaded

MOVED_BY_CALLS = ("BatchNormalization", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LazyBatchNorm")
"""Layers whose statistics move whenever the model is called with training=True, as for Monte-Carlo dropout."""

UNSEEN_CHANGE = "the weights were changed after the training that was watched, by something that was not"
FROM_ELSEWHERE = "weights were loaded ({how}) that no training of this run is known to have made"


MAX_HOW = 80
"""Characters repeated of how weights came in: the kernel's word."""


class Provenance:
    """Follows states of weights, by their digests, through trainings, files and variables."""

    def __init__(self, log: Log, lineage: Lineage) -> None:
        """Read what is needed from the log."""
        self._lineage = lineage
        self._kept = log.of("weights.kept", WeightsKept)
        self._loaded = log.of("weights.loaded", WeightsLoaded)
        self._with_statistics = {
            item.id
            for item in log.of("model.described", Described)
            if any(layer.kind.startswith(MOVED_BY_CALLS) for layer in item.layers)
        }

    def why_unwatched(self, scored: Scored) -> str:
        """Return why watched trainings alone can't have made the scored weights; empty where they can.

        Only of a model with trainings of its own: what was put together from several is judged by all of their rows.
        """
        own = tuple(fit for fit in self._lineage.fits_before(scored) if fit.model == scored.model)
        put_in = next((fit.ended.put_in for fit in own if fit.ended and fit.ended.put_in), "")
        if put_in:
            return FROM_ELSEWHERE.format(how=f"{put_in}, while it was trained"[:MAX_HOW])
        if not own or not scored.weights or self._goes_on(own, scored) or scored.weights in self._made_before(scored):
            return ""
        loads = [item for item in self._loaded if item.order < scored.order and item.weights == scored.weights]
        if loads:
            return FROM_ELSEWHERE.format(how=loads[-1].how or "from somewhere")
        if not own[-1].ended or not own[-1].ended.weights or scored.model in self._with_statistics:
            return ""
        return UNSEEN_CHANGE

    def _goes_on(self, fits: tuple[Fit, ...], scored: Scored) -> bool:
        """Whether a training of the model had begun and not ended: its state is then that of an unfinished loop."""
        return bool(scored.during) or any(fit.ended is None or fit.ended.order > scored.order for fit in fits)

    def _made_before(self, scored: Scored) -> set[str]:
        made: set[str] = set()
        for fit in self._lineage.fits:
            if fit.began.order < scored.order and fit.ended:
                made.update((fit.ended.weights, fit.ended.built_with))
        made.update(item.weights for item in self._kept if item.order < scored.order and item.during)
        return made
