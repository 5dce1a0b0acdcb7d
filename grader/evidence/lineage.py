"""Which rows trained, watched and tested each model: roles and overlaps, decided by contents, never by names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from grader.evidence.arrays import BoolArray, UIntArray, block_of, found_in, rows_repeating, rows_within
from grader.evidence.fits import Fit, resolve_fits, watched_by
from grader.evidence.identity import RowStore
from grader.evidence.parsing import Log
from grader.evidence.records import Described, Labelled, LabelsSeen, Scored
from grader.model import Overlap, Role

MOSTLY = 0.5
"""A set belongs to what more than half of its rows were used for; the exact overlap is reported beside the role."""

MAX_OVERLAPS = 400
"""Most pairs measured: a loop over many small sets must not cost minutes. The final scoring's pairs come first."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The hashes of rows used in one way, and how far chance explains that equal rows turn up elsewhere."""

    exact: UIntArray
    canonical: UIntArray | None
    exact_chance: float
    canonical_chance: float


class Lineage:
    """The history of every model's weights: its fits, and from them the role of any row set."""

    def __init__(self, log: Log, store: RowStore) -> None:
        self.store = store
        self.fits = resolve_fits(log, store)
        self._described = {record.id: record for record in log.of("model.described", Described)}
        sets = {record.id: record for record in log.of("labels.seen", LabelsSeen)}
        seen = ((item.rows, sets.get(item.labels)) for item in log.of("rows.labelled", Labelled))
        self._labels = {rows: labels for rows, labels in seen if labels is not None}
        self._origins: dict[str | None, tuple[str, ...]] = {}
        self._known: dict[tuple[str, ...], _Known | None] = {}

    def fits_before(self, scored: Scored) -> tuple[Fit, ...]:
        """Return the fits that made the weights which were scored.

        A model without fits of its own (loaded from a file, cloned, wrapped in another) has those of the model whose
        fit left the same weights; else of models of the same size; else, to be safe, all earlier ones. What has no
        weights at all (layers that only rescale or augment) was made by no fit.
        """
        earlier = tuple(fit for fit in self.fits if fit.began.order < scored.order)
        own = tuple(fit for fit in earlier if fit.model == scored.model)
        if own:
            return own
        described = self._described.get(scored.model)
        if described is not None and described.library in {"keras", "tf_keras"} and described.parameters == 0:
            return ()
        same = {fit.model for fit in earlier if fit.ended and scored.weights and fit.ended.weights == scored.weights}
        if not same:
            size = self._size(scored.model)
            same = {fit.model for fit in earlier if size and self._size(fit.model) == size}
        return tuple(fit for fit in earlier if fit.model in same) or earlier

    def _size(self, model: str) -> int:
        described = self._described.get(model)
        return described.parameters if described else 0

    def trained_on(self, fits: Iterable[Fit]) -> tuple[str, ...]:
        """Return the ids of all row sets these fits trained on, rows that augmentation started from included."""
        found: dict[str, None] = {}
        for fit in fits:
            if fit.train is None:
                continue
            later = fit.ended.later_rows if fit.ended else None
            found.update(dict.fromkeys([fit.train, *([later] if later else []), *self.originals(fit)]))
        return tuple(found)

    def used_by(self, rows: str, fits: Sequence[Fit]) -> bool:
        """Return whether these fits trained on most of the rows, beyond chance."""
        return self._share(rows, self.trained_on(fits)) > 0

    def originals(self, fit: Fit) -> tuple[str, ...]:
        """Return the row sets whose altered copies a fit trained on.

        By an augmentation event, where rows in and out were seen. Else, where a stream brought rows that no other set
        holds, by the set that was there before with as many rows and as many of each class.
        """
        if fit.train not in self._origins:
            named = [step.rows_in for step in self.store.augmentations if step.rows_out == fit.train and step.rows_in]
            if fit.ended and fit.ended.drawn_from:
                named.append(fit.ended.drawn_from)
            known = tuple(rows for rows in named if rows in self.store.records)
            self._origins[fit.train] = known or self._look_alikes(fit)
        return self._origins[fit.train]

    def _look_alikes(self, fit: Fit) -> tuple[str, ...]:
        record, counts = self.store.records.get(fit.train or ""), self._class_counts(fit.train)
        if record is None or not counts or record.source in {"array", "frame"}:
            return ()
        others = [
            other
            for other in self.store.records.values()
            if other.id != record.id and other.count == record.count and other.order < record.order
        ]
        if any(self._same_rows(record.id, other.id) for other in others):
            return ()
        return tuple(other.id for other in others if self._class_counts(other.id) == counts)

    def _same_rows(self, left: str, right: str) -> bool:
        for hashes_of in (self.store.exact, self.store.canonical):
            mine, theirs = hashes_of(left), hashes_of(right)
            if mine is not None and theirs is not None and rows_within(mine, theirs) > MOSTLY * len(mine):
                return True
        return False

    def left_out(self, rows: str | None) -> int:
        """Return how many rows of the part of a split or loader these are picked from were left out, and never used.

        0 where they are such a part themselves, a slice of it, or all of some of its classes, and where the others
        were trained on or watched: then the part was divided further.
        """
        store = self.store
        parts = [part for split in store.splits for part in split.outputs]
        parts += [part for load in store.loads for part, _ in load.parts if part is not None]
        stages = store.stages(rows)
        known = [(part, hashes) for part in dict.fromkeys(parts) if (hashes := store.exact(part)) is not None]
        fewest = 0
        for part, hashes in sorted(known, key=lambda item: len(item[1])):
            within = next((stage for stage in stages if rows_within(stage, hashes) == len(stage)), None)
            if within is None or not len(within):
                continue
            if len(hashes) <= len(within) or block_of(within, hashes) or self.holds_whole_classes(rows, part):
                return 0
            fewest = fewest or int((~found_in(hashes, within) & ~self._used_in_training(hashes)).sum())
        return fewest

    def _used_in_training(self, hashes: UIntArray) -> BoolArray:
        """Return which of the rows any fit trained on or watched, also as they were before they were scaled."""
        used = np.zeros(len(hashes), dtype=np.bool_)
        for rows in (*self.trained_on(self.fits), *watched_by(self.fits)):
            for stage in self.store.stages(rows):
                used |= found_in(hashes, stage)
        return used

    def holds_whole_classes(self, rows: str | None, part: str) -> bool:
        """Whether a row set holds all rows of some classes of another, and none of the others."""
        mine, theirs = dict(self._counts(rows)), dict(self._counts(part))
        return bool(mine) and bool(theirs) and all(theirs.get(name) == count for name, count in mine.items())

    def _class_counts(self, rows: str | None) -> tuple[tuple[str, int], ...]:
        """Return how many rows of each class a set has; empty where unknown, or with a single class (no evidence)."""
        labels = self._labels.get(rows or "")
        return self._counts(rows) if labels is not None and len(labels.facts.counts) > 1 else ()

    def _counts(self, rows: str | None) -> tuple[tuple[str, int], ...]:
        labels = self._labels.get(rows or "")
        facts = labels.facts if labels else None
        if facts is None:
            return ()
        return tuple((name, count) for name, count in zip(facts.classes, facts.counts, strict=True) if count)

    def role_of_scored(self, scored: Scored) -> Role:
        """Return the role of the scored rows for the scored model.

        `train` if most were in the training of this model, `validation` if any earlier fit watched most of them (a
        test set that was watched once is spent for every later model), `test` if neither, `other` where unknown.
        """
        if scored.rows is None or self.store.exact(scored.rows) is None:
            return "other"
        earlier = tuple(fit for fit in self.fits if fit.began.order < scored.order)
        own = self.fits_before(scored)
        watched = watched_by(earlier)
        role = self._role(scored.rows, self.trained_on(own), watched)
        blind = any(fit.train is None or self.store.exact(fit.train) is None for fit in own)
        return "other" if role == "test" and (blind or not own) else role

    def role_in_run(self, rows: str, scored: Sequence[str]) -> Role:
        """Return what a row set was used for over the whole run; `scored` holds the sets that any scoring used."""
        watched = watched_by(self.fits)
        if rows in watched:
            return "validation" if rows not in {fit.train for fit in self.fits} else "train"
        role = self._role(rows, self.trained_on(self.fits), watched)
        if role == "test" and rows not in scored and not self._share(rows, tuple(scored)):
            return "other"
        return role

    def _role(self, rows: str, trained: tuple[str, ...], watched: tuple[str, ...]) -> Role:
        in_training = self._share(rows, trained)
        in_watched = self._share(rows, watched)
        if in_training and in_training >= in_watched:
            return "train"
        return "validation" if in_watched else "test"

    def _share(self, rows: str, used: tuple[str, ...]) -> float:
        """Return the share of `rows` that were among `used`, 0.0 where it is not most of them beyond chance.

        Chance: in data with repeats an honest held-out row has a twin in training as often as a training row has one.
        So the share must lie nearer to "all of them" than to that rate: the middle between both, and at least MOSTLY.
        """
        if not used:
            return 0.0
        if rows in used:
            return 1.0
        lineage = [self.store.shared_by_lineage(rows, other) for other in used]
        if all(shared == 0 for shared in lineage):
            return 0.0
        known, exact = self._gather(used), self.store.exact(rows)
        if exact is not None and any(shared == len(exact) for shared in lineage):
            return 1.0
        if known is None or exact is None or not len(exact):
            return 0.0
        share = max(rows_within(stage, known.exact) / len(exact) for stage in (exact, *self.store.stages(rows)[1:]))
        if share > max(MOSTLY, (1 + known.exact_chance) / 2):
            return share
        canonical = self.store.canonical(rows)
        if canonical is None or known.canonical is None:
            return 0.0
        share = rows_within(canonical, known.canonical) / len(canonical)
        return share if share > max(MOSTLY, (1 + known.canonical_chance) / 2) else 0.0

    def _gather(self, used: tuple[str, ...]) -> _Known | None:
        if used not in self._known:
            sets = [rows for rows in used if self.store.exact(rows) is not None]
            exact = [stage for rows in sets for stage in self.store.stages(rows)]
            canonical = [hashes for rows in sets if (hashes := self.store.canonical(rows)) is not None]
            self._known[used] = (
                _Known(
                    exact=np.unique(np.concatenate(exact)),
                    canonical=np.unique(np.concatenate(canonical)) if canonical else None,
                    exact_chance=min(self.store.repeat_rate(rows) for rows in sets),
                    canonical_chance=min((rows_repeating(item) / max(1, len(item)) for item in canonical), default=0.0),
                )
                if exact
                else None
            )
        return self._known[used]

    def overlaps(self, final: Scored | None, scorings: Iterable[Scored]) -> tuple[Overlap, ...]:
        """Measure every held-out set against the training of its own model, watched sets included, both ways round.

        Pairs across models mean nothing (each fold of a cross-validation trains on the others' held-out rows), save
        that a set watched by any fit is compared with whatever was scored later.
        """
        pairs: dict[tuple[str, str], None] = {}
        for scored in ([final] if final else []) + list(scorings):
            if scored.rows is None:
                continue
            fits = self.fits_before(scored)
            for used in (*self.trained_on(fits), *watched_by(fits)):
                pairs[scored.rows, used] = None
                pairs[used, scored.rows] = None
        for fit in self.fits:
            if fit.train and fit.watched:
                pairs[fit.watched, fit.train] = None
                pairs[fit.train, fit.watched] = None
        measured = (self.overlap(left, right) for left, right in list(pairs)[:MAX_OVERLAPS])
        return tuple(item for item in measured if item is not None)

    def overlap(self, left: str, right: str) -> Overlap | None:
        """Measure how many rows of `left` also occur in `right`; None where either side's rows are not known."""
        mine, theirs = self.store.exact(left), self.store.exact(right)
        if mine is None or theirs is None:
            return None
        exact = rows_within(mine, theirs)
        canonical_mine, canonical_theirs = self.store.canonical(left), self.store.canonical(right)
        canonical = exact
        if canonical_mine is not None and canonical_theirs is not None:
            canonical = max(exact, rows_within(canonical_mine, canonical_theirs))
        return Overlap(
            left=left,
            right=right,
            exact=exact,
            canonical=canonical,
            left_rows=len(mine),
            duplicate_rate=self._duplicate_rate(left),
            by_lineage=self.store.shared_by_lineage(left, right),
        )

    def _duplicate_rate(self, rows: str) -> float:
        """Return the share of rows that repeat in what was loaded, else in what was split or in the set itself.

        The data as loaded goes before all: copies that the notebook made of it are not the data's own repeats.
        """
        loaded = [self.store.repeat_rate(part) for part, _ in self.store.loaded_around(rows)]
        if loaded:
            return max(loaded)
        own = self.store.repeat_rate(rows)
        hashes = self.store.exact(rows)
        if hashes is None:
            return own
        sources = {whole for split in self.store.splits for whole in split.inputs}
        rates = [
            self.store.repeat_rate(whole)
            for whole in sorted(sources)
            if (known := self.store.exact(whole)) is not None
            and any(rows_within(stage, known) == len(stage) for stage in self.store.stages(rows))
        ]
        return max(rates, default=own)  # of a part alone fewer repeats show, or more by chance
