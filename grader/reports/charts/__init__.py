"""Charts as inline SVG or HTML, built by hand: pure functions of typed inputs, direct labels, no scripts."""

from grader.reports.charts.bars import Bar, bar_chart, share_bar
from grader.reports.charts.confusion import confusion_matrix
from grader.reports.charts.curves import Series, curve_chart
from grader.reports.charts.distribution import level_distribution
from grader.reports.charts.lanes import Lane, SharedRows, lane_chart
from grader.reports.charts.scatter import Dot, cohort_chart
from grader.reports.charts.strip import Mark, score_strip

__all__ = [
    "Bar",
    "Dot",
    "Lane",
    "Mark",
    "Series",
    "SharedRows",
    "bar_chart",
    "cohort_chart",
    "confusion_matrix",
    "curve_chart",
    "lane_chart",
    "level_distribution",
    "score_strip",
    "share_bar",
]
