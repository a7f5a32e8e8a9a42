"""Timestamps: every form that is met gives the moment it stands for, and nothing else is read."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.timestamps import form_of

MOMENT = 1_710_090_000  # 2024-03-10 17:00:00 UTC, a Sunday
SECOND = 10**9
HOURS = 3600

FORMS = [
    ("1710090000", 0),
    ("1710090000.0", 0),
    ("1710090000000", 0),
    ("1710090000000000", 0),
    ("1710090000000000000", 0),
    ("1710090000000.5", 0.0005),
    ("20240310170000", 0),
    ("202403101700", 0),
    ("20240310170000250", 0.25),
    ("20240310", -17 * HOURS),
    ("2024-03-10", -17 * HOURS),
    ("2024.03.10", -17 * HOURS),
    ("2024/3/10", -17 * HOURS),
    ("2024-03-10 17:00", 0),
    ("2024-03-10T17:00:00Z", 0),
    ("2024-03-10T17:00:00.125Z", 0.125),
    ("2024-03-10T17:00:00.000000001Z", 1e-9),
    ("2024-03-10T22:30:00+05:30", 0),
    ("2024-03-10 12:00:00-0500", 0),
    ("2024-03-10 17:00:00 UTC", 0),
    ("2024-03-10 12:00:00 EST", 0),
    ("2024.03.10 17:00", 0),
    ("20240310 170000", 0),
    ("20240310 170000500", 0.5),
    ("10.03.2024 17:00:00", 0),
    ("31/12/2023", -70 * 24 * HOURS - 17 * HOURS),
    ("12/31/2023", -70 * 24 * HOURS - 17 * HOURS),
    ("2024-03-10 05-PM", 0),
    ("2024-03-10 12-AM", -17 * HOURS),
    ("2024-03-10 12-PM", -5 * HOURS),
    ("12/31/23 5:00 PM", -70 * 24 * HOURS),
    ("Mar 10, 2024", -17 * HOURS),
    ("March 10, 2024", -17 * HOURS),
    ("10 Mar 2024 17:00", 0),
    ("2024-Mar-10", -17 * HOURS),
    ("Sun, 10 Mar 2024 17:00:00 +0000", 0),
    ("Sun, 10 Mar 2024 17:00:00 GMT", 0),
    ("10-Mar-24", -17 * HOURS),
    ("10-MAR-2024", -17 * HOURS),
    ("10MAR2024", -17 * HOURS),
    ("10/Mar/2024 17:00", 0),
    ("2024.03.10D17:00:00.000000000", 0),
    ("2024-03-10_17:00:00", 0),
    ("2024-03-10 17:00:00:250", 0.25),
    ("2024-03-10 24:00", 7 * HOURS),
    ("2024-03-10 24:00:00.000", 7 * HOURS),
    ("1.71009e9", 0),
    ("1.71009e+12", 0),
    ("1.7100900005E+12", 0.5),
    ("1.71009e+18", 0),
    ("1710090000.25", 0.25),
    ("1710090000000000.0", 0),
    ("1710090000000000000.0", 0),
    ("113/03/10", -17 * HOURS),
    ("113.3.10 17:00", 0),
    ("113年3月10日", -17 * HOURS),
    ("2567-03-10 17:00", 0),
    ("10.03.2567 17:00", 0),
    ("2024年3月10日", -17 * HOURS),
    ("2024年03月10日 17:00", 0),
    ("2024년 3월 10일", -17 * HOURS),
    ("2024. 3. 10.", -17 * HOURS),
    ("10. März 2024", -17 * HOURS),
    ("10 mars 2024 17:00", 0),
    ("10 de marzo de 2024", -17 * HOURS),
    ("10 марта 2024", -17 * HOURS),
    ("10-mrt-2024", -17 * HOURS),
    ("17:00", 17 * HOURS - MOMENT),
    ("5:00:00.5 PM", 17 * HOURS - MOMENT + 0.5),
]
# A month, and its name in other languages.
MONTHS = [
    (1, "Januar janv. enero gennaio Ocak stycznia января ledna"),
    (5, "Mai mayo maggio mei MAYIS maja мая května"),
    (6, "Juni juin junio giugno Haziran czerwca июня června"),
    (7, "Juli juillet julio luglio Temmuz lipca июля července"),
    (8, "août agosto augustus Ağustos sierpnia августа srpna"),
    (10, "Okt. octobre octubre outubro ottobre Ekim EKİM października октября října"),
    (12, "Dez. déc. diciembre dicembre ARALIK grudnia декабря prosince"),
]

# Names of months in the encodings of old files.
ENCODED = [
    ("cp1252", 3, "März"),
    ("cp1252", 8, "août"),
    ("cp1250", 10, "října"),
    ("cp1251", 2, "Фев"),
    ("cp1254", 2, "Şubat"),
]


def times_of(text: str) -> set[int | None]:
    """Give the time of each reading of a text; the set is empty if it is in no form."""
    form = form_of(text.encode())
    return set(form.readings(text.encode())) if form else set()


@pytest.mark.parametrize(("encoding", "month", "name"), ENCODED)
def test_a_month_that_is_not_utf_8(encoding: str, month: int, name: str) -> None:
    """A name of a month is read in the encodings of one byte, too."""
    text, digits = f"10. {name} 2024".encode(encoding), f"2024-{month:02}-10".encode()
    form, form_of_digits = form_of(text), form_of(digits)
    assert form is not None
    assert form_of_digits is not None
    assert form.readings(text) == form_of_digits.readings(digits)


@pytest.mark.parametrize(("text", "later"), FORMS)
def test_a_form(text: str, later: float) -> None:
    """The moment, or one so many seconds later, is read from each form."""
    assert times_of(text) - {None} == {MOMENT * SECOND + round(later * SECOND)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "tomorrow",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-03-10 24:01",
        "2024-03-10 25:00",
        "2024-03-10 17:60",
        "1e-9",
        "1e100",
        "12.5e9",
        "2024-03-1017:00",
        "25:00",
        "10 listopada 2024",
        "0x10",
        "13/13/2024",
        "Foo 10, 2024",
        "Marx 10, 2024",
        "2024-03-10 13 PM",
        "2024-03-10 17:00 XYZ",
        "1" * 129,
        "1\0",
        "\u0663",
    ],
)
def test_no_time(text: str) -> None:
    """What is no date, no clock or no number is not read."""
    assert times_of(text) <= {None}


@pytest.mark.parametrize(("month", "names"), MONTHS)
def test_months_of_other_languages(month: int, names: str) -> None:
    """A month is known by its names in the languages in which no other month has that name."""
    midnight = round(datetime(2024, month, 10, tzinfo=UTC).timestamp()) * SECOND
    assert {name: times_of(f"10 {name} 2024") for name in names.split()} == {name: {midnight} for name in names.split()}


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "shift_jis", "big5"])
def test_signs_in_other_encodings(encoding: str) -> None:
    """A date with the Chinese signs is read in the encodings of its countries."""
    text = "2024年3月10日".encode(encoding)
    form = form_of(text)
    assert form
    assert set(form.readings(text)) == {(MOMENT - 17 * HOURS) * SECOND}


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001 - made UTC below
def test_every_date(moment: datetime) -> None:
    """The calendar is that of Python."""
    moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    nanoseconds = (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1000
    assert times_of(moment.isoformat()) == {nanoseconds}
    seconds = nanoseconds - since.microseconds * 1000
    assert times_of(moment.strftime("%d.%m.%Y %H:%M:%S")) == {seconds}
    assert times_of(moment.strftime("%b %d, %Y %I:%M:%S %p")) == {seconds}
    assert times_of(format_datetime(moment)) == {seconds}
    assert seconds in times_of(moment.strftime("%m/%d/%Y %H:%M:%S"))
    assert seconds in times_of(moment.strftime("%d/%m/%Y %H:%M:%S"))
