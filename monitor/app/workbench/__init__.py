"""Trying rules: what an edit would gain and lose, what almost fired, how the rules do. Reads, and changes nothing.

Every function takes the desk `Bench` and matchers; `progress`, where given, is told how many items were read so far.
"""

from monitor.app.workbench.comparison import Backtest, Change, backtest
from monitor.app.workbench.near import NearMiss, NearMisses, near_misses
from monitor.app.workbench.stats import RuleStats, statistics

__all__ = [
    "Backtest",
    "Change",
    "NearMiss",
    "NearMisses",
    "RuleStats",
    "backtest",
    "near_misses",
    "statistics",
]
