"""How long ago something was, as people are told."""

from datetime import UTC, datetime, timedelta

import pytest

from retail.clocks import age

NINE = datetime(2026, 6, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "en", "zh"),
    [
        (timedelta(hours=-3), "0 min", "0 分钟"),
        (timedelta(seconds=59), "0 min", "0 分钟"),
        (timedelta(minutes=59, seconds=59), "59 min", "59 分钟"),
        (timedelta(hours=1), "1 h", "1 小时"),
        (timedelta(hours=2, minutes=5), "2 h 5 min", "2 小时 5 分钟"),
        (timedelta(hours=47, minutes=59), "47 h 59 min", "47 小时 59 分钟"),
        (timedelta(days=2), "2 days", "2 天"),
        (timedelta(days=400, hours=23), "400 days", "400 天"),
    ],
)
def test_an_age_is_told_to_the_minute_for_two_days_and_then_in_days(
    passed: timedelta, en: str, zh: str
) -> None:
    assert age(NINE, NINE + passed) == (en, zh)
