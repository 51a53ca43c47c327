"""What could not be written rests, each for itself, and is not remembered for ever."""

from datetime import timedelta

from support.stored import NOW

from monitor.app.patience import Patience

ERROR = OSError("the disk is full")
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def test_each_rests_for_itself_and_longer_each_time() -> None:
    patience = Patience()
    patience.failed(["a", "b"], ERROR, NOW)
    patience.failed(["a"], ERROR, NOW + 2 * S)
    at = NOW + 5 * S
    assert [patience.resting(key, at) for key in "abc"] == [ERROR, None, None]


def test_what_was_written_begins_anew() -> None:
    patience = Patience()
    for second in (0, 2, 6, 14):
        patience.failed(["a"], ERROR, NOW + second * S)
    patience.written("a")
    assert patience.resting("a", NOW + 15 * S) is None
    patience.failed(["a"], ERROR, NOW + M)
    assert [patience.resting("a", NOW + M + second * S) for second in (1, 2)] == [ERROR, None]


def test_what_is_not_tried_any_more_is_forgotten() -> None:
    patience = Patience()
    for _ in range(20):
        patience.failed(["a"], ERROR, NOW)
    patience.failed(["b"], ERROR, NOW + H)
    patience.failed(["a"], ERROR, NOW + H)
    assert patience.resting("a", NOW + H + 2 * S) is None, "the first failure for all it knows"
