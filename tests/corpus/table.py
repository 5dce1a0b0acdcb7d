"""The table of precision and recall: from what was counted last, into README.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .catalogue import Pair, pairs
from .faults import FAULTS
from .grading import Outcome
from .tally import Count, counted, wilson, wrong_verdicts

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
MEASURED = HERE / "measured.json"
METAMORPHIC = HERE / "metamorphic.json"
BEGIN, END = "<!-- measured: written by measure.py -->\n", "<!-- end -->\n"


def keep(graded: Sequence[Pair], known: Mapping[str, Outcome]) -> None:
    """Keep the counts of what was graded, and each wrong verdict, in measured.json."""
    run = [item for pair in graded for item in (pair.faulty, pair.clean) if item.name in known]
    measured = {
        "pairs": [[pair.faulty.fault, pair.faulty.idiom.name, pair.faulty.data.name] for pair in graded],
        "clean": len(run) - len(graded),
        "statuses": dict(Counter(known[item.name].status for item in run)),
        "checks": {check: asdict(count) for check, count in counted(graded, known).items()},
        "wrong": [asdict(wrong) for wrong in wrong_verdicts(graded, known)],
    }
    MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def write_table() -> None:
    """Put the table where README.md has the old one."""
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    README.write_text(before + BEGIN + "\n" + render() + "\n" + END + rest.split(END)[1], encoding="utf-8")


def written() -> str:
    """The table that README.md has."""
    return README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()


def render() -> str:
    """What was measured, on how much, and what was not."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    counts = {check: Count(**count) for check, count in measured["checks"].items()}
    parts = (_extent(measured), [figures(counts)], _by_fault(measured), _wrong(measured), _metamorphic())
    return "\n\n".join("\n".join(part) for part in parts)


def figures(counts: Mapping[str, Count]) -> str:
    """One row a check."""
    head = (
        "| check | faulty | caught | missed | unknown | recall | others | false alarms | unknown | precision |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    order = sorted(counts, key=lambda check: (counts[check].recall[1] == 0, check))
    return "\n".join([*head, *(_row(check, counts[check]) for check in order)])


def _row(check: str, count: Count) -> str:
    others = count.false + count.right + count.abstained
    return (
        f"| `{check}` | {count.recall[1] or '-'} | {count.caught} | {count.missed} | {count.untold} | "
        f"{_share(*count.recall)} | {others} | {count.false} | {count.abstained} | {_share(*count.precision)} |"
    )


def _share(successes: int, trials: int) -> str:
    if not trials:
        return "-"
    low, high = wilson(successes, trials)
    return f"{successes / trials:.2f} [{low:.2f}, {high:.2f}]"


def _extent(measured: Mapping[str, Any]) -> Iterator[str]:
    graded = measured["pairs"]
    whole = len(pairs())
    idioms, data = {item[1] for item in graded}, {item[2] for item in graded}
    left = (
        f" The other {whole - len(graded)} faulty ones and {whole - measured['clean']} twins have not been run for this "
        "table: `measure.py` runs them."
    )
    yield (
        f"Measured on {len(graded)} faulty notebooks of the {whole} that the generator writes and {measured['clean']} of "
        f"their clean twins: "
        f"{len({item[0] for item in graded})} of {len(FAULTS)} faults, {len(idioms)} idioms, {len(data)} data sets."
        f"{left if len(graded) < whole or measured['clean'] < whole else ''}"
    )


def _by_fault(measured: Mapping[str, Any]) -> Iterator[str]:
    graded = measured["pairs"]
    run = Counter(item[0] for item in graded)
    whole = Counter(pair.faulty.fault for pair in pairs())
    yield "| fault | what is wrong | must fail | run | of |"
    yield "| --- | --- | --- | ---: | ---: |"
    for fault in sorted(FAULTS.values(), key=lambda fault: (fault.family, fault.name)):
        checks = ", ".join(f"`{check}`" for check in fault.fails)
        yield f"| {fault.family}: `{fault.name}` | {fault.says} | {checks} | {run[fault.name]} | {whole[fault.name]} |"


def _wrong(measured: Mapping[str, Any]) -> Iterator[str]:
    wrong = measured["wrong"]
    if not wrong:
        yield "No wrong verdict."
        return
    yield "| wrong verdict | of | in | what it said |"
    yield "| --- | --- | --- | --- |"
    kinds = {"untold": "unknown where a fault was", "missed": "missed", "false": "false alarm"}
    for item in wrong:
        said = item["summary"].replace("|", "/")
        yield f"| {kinds[item['kind']]} | `{item['check']}` | `{item['notebook']}` | {said} |"


def _metamorphic() -> Iterator[str]:
    if not METAMORPHIC.is_file():
        yield "Of the transformations none has been run for this table: `metamorphic.py` runs them."
        return
    from .transformations import TRANSFORMATIONS

    kept = json.loads(METAMORPHIC.read_text(encoding="utf-8"))
    differ = {item["variant"] for item in kept["differences"]}
    met = Counter(way for item in kept["compared"] for way in item["ways"] if len(item["ways"]) > 1)
    alone = Counter(item["ways"][0] for item in kept["compared"] if len(item["ways"]) == 1)
    guilty = Counter(
        item["ways"][0] for item in kept["compared"] if len(item["ways"]) == 1 and item["variant"] in differ
    )
    several = [item for item in kept["compared"] if len(item["ways"]) > 1]
    yield (
        f"{len(several)} variants, each written in several ways at once, were compared with what they were made from; "
        f"{len([item for item in several if item['variant'] in differ])} were judged otherwise. The ways of those were "
        "tried one by one."
    )
    yield ""
    yield "| the same work written otherwise | notebooks | tried alone | alone judged otherwise |"
    yield "| --- | ---: | ---: | ---: |"
    for name, change in TRANSFORMATIONS.items():
        yield f"| `{name}`: {change.says} | {met[name]} | {alone[name]} | {guilty[name]} |"
    for item in kept["differences"]:
        ways = ", ".join(item["ways"])
        yield f"\n- `{item['variant']}` ({ways}): `{item['what']}` was “{item['before']}” and is “{item['after']}”"
