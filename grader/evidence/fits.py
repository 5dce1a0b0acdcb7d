"""The fits of a run, with the row sets that each trained on and was steered by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from grader.evidence.identity import RowStore, fit_rows
from grader.evidence.parsing import Log
from grader.evidence.records import FitBegan, FitEnded, Scored


@dataclass(frozen=True, slots=True)
class Fit:
    """One fit with its row sets resolved: what it trained on, what it watched."""

    began: FitBegan
    ended: FitEnded | None
    train: str | None
    watched: str | None
    looked_at: tuple[str, ...] = ()
    """Rows that a callback of this fit scored again and again while the weights changed."""

    @property
    def model(self) -> str:
        """The model that was fitted."""
        return self.began.model

    @property
    def steered_by(self) -> tuple[str, ...]:
        """All rows held out of this fit that were scored while it went on."""
        found = [*([self.watched] if self.watched else []), *self.looked_at]
        return tuple(rows for rows in dict.fromkeys(found) if rows != self.train)


def resolve_fits(log: Log, store: RowStore) -> tuple[Fit, ...]:
    """Return the fits of a run, in order."""
    ends = {record.fit: record for record in log.of("fit.ended", FitEnded)}
    looks = _looked_at(log, store)
    fits = []
    for began in log.of("fit.began", FitBegan):
        ended = ends.get(began.id)
        train, watched = fit_rows(store, began, ended)
        fits.append(Fit(began=began, ended=ended, train=train, watched=watched, looked_at=looks.get(began.id, ())))
    return tuple(fits)


def _looked_at(log: Log, store: RowStore) -> dict[str, tuple[str, ...]]:
    """Return, by fit, the rows that were scored while it went on in more than one state of the weights.

    One look when the training is over (`on_train_end`) steers nothing. A pipeline that shuffles brings the same rows in
    another order at every look: they are one set, and each of its orders is named.
    """
    states: dict[tuple[str, bytes], dict[str, set[str]]] = {}
    for scored in log.of("model.scored", Scored):
        if scored.during and scored.rows:
            hashes = store.exact(scored.rows)
            same = scored.rows.encode() if hashes is None else np.sort(hashes).tobytes()
            states.setdefault((scored.during, same), {}).setdefault(scored.rows, set()).add(scored.weights)
    found: dict[str, tuple[str, ...]] = {}
    for (fit, _), orders in states.items():
        if len(set().union(*orders.values())) > 1:
            found[fit] = (*found.get(fit, ()), *orders)
    return found


def watched_by(fits: Iterable[Fit]) -> tuple[str, ...]:
    """Return the ids of all row sets that these fits watched, sources of altered copies included."""
    found: dict[str, None] = {}
    for fit in fits:
        found.update(dict.fromkeys(fit.steered_by))
        if fit.ended and fit.ended.validation_drawn_from:
            found[fit.ended.validation_drawn_from] = None
    return tuple(found)
