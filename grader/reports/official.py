"""What is said of rows that are a known data set's: of which official part they are, and how much of it."""

from __future__ import annotations

from grader.model import Evidence, OfficialRows
from grader.reports.numbers import count
from grader.reports.wording import ROLES

TITLES = {
    "breast_cancer": "Breast Cancer",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "diabetes": "Diabetes",
    "digits": "scikit-learn's Digits",
    "fashion_mnist": "Fashion-MNIST",
    "iris": "Iris",
    "mnist": "MNIST",
    "wine": "Wine (scikit-learn's)",
}


OWN = "'s"


def title(dataset: str) -> str:
    """Return a known data set's name as people write it."""
    return TITLES.get(dataset, dataset)


def with_titles(words: str) -> str:
    """Return a sentence in which known data sets have the names that people write."""
    return " ".join(
        f"{title(word.removesuffix(OWN))}{OWN}" if word.endswith(OWN) else word for word in words.split(" ")
    )


def official_sentences(evidence: Evidence) -> tuple[str, ...]:
    """Return a sentence for each set that the final model trained on or was scored on, where it was recognised."""
    final = evidence.scoring(evidence.final_scoring)
    trained = [item.train_rows for item in evidence.trainings if final is None or item.model == final.model]
    wanted = dict.fromkeys([*trained, final.rows if final is not None else None])
    found = [(rows, evidence.official_rows(rows)) for rows in wanted if rows is not None]
    return tuple(_sentence(rows, item, evidence) for rows, item in found if item is not None)


def _sentence(rows: str, item: OfficialRows, evidence: Evidence) -> str:
    known = evidence.row_set(rows)
    role = ROLES[known.role][0].lower() if known is not None else "these"
    subject, name = f"The {role} rows", title(item.dataset)
    if not item.official_test:
        return f"{subject} are {_share(item.train, item.official_train)} rows of {name}."
    if item.part == "both":
        return (
            f"{subject} are {count(item.train)} of {name}'s official training part and "
            f"{count(item.test)} of its official test part."
        )
    if item.part == "test":
        return f"{subject} are {_share(item.test, item.official_test)} rows of {name}'s official test part."
    told = f"{subject} are {_share(item.train, item.official_train)} rows of {name}'s official training part"
    apart = known is not None and known.role == "test"
    return f"{told}, so the score can't be set beside published ones." if apart else f"{told}."


def _share(rows: int, whole: int) -> str:
    return f"all {count(whole)}" if rows == whole else f"{count(rows)} of the {count(whole)}"
