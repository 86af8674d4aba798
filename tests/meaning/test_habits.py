"""How the texts of a document are to be read, and what settles it."""

from __future__ import annotations

import pytest

from timeline.errors import BadInput
from timeline.meaning.habits import NUMBER_STYLES, Habits, source_habits


@pytest.mark.parametrize("style", NUMBER_STYLES)
def test_a_style_of_numbers_is_kept(style: str) -> None:
    assert Habits(numbers=style).numbers == style


def test_blanks_of_every_width_separate_thousands() -> None:
    assert Habits(numbers="1\u202f234,5").numbers == "1 234,5"


@pytest.mark.parametrize("style", ["", "1.234", "german", "1.234.5", "1,5"])
def test_any_other_style_is_refused(style: str) -> None:
    with pytest.raises(BadInput, match=r"numbers is .*; expected one of '1,234.5', '1.234,5', '1 234,5'"):
        Habits(numbers=style)


@pytest.mark.parametrize(
    ("tag", "tongue"), [("de", "de"), ("de-AT", "de"), ("PT-br", "pt"), ("fra", "fr"), ("zh-Hant", "zh")]
)
def test_a_language_is_its_primary_subtag(tag: str, tongue: str) -> None:
    assert Habits(language=tag).tongue == tongue


@pytest.mark.parametrize("tag", ["", "German", "e", "de AT", "de-"])
def test_a_language_that_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(BadInput, match=r"language is .*; expected a BCP 47 tag"):
        Habits(language=tag)
    assert source_habits(None, tag, None) == Habits()


@pytest.mark.parametrize("name", ["Europe/Paris", "UTC", "America/Argentina/Buenos_Aires"])
def test_a_zone_is_an_iana_name(name: str) -> None:
    assert Habits(timezone=name).timezone == name


@pytest.mark.parametrize("name", ["Europe/Pariss", "", "../etc/passwd", "/etc/localtime", "x\0", "Europe"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=r"no such timezone: .*expected an IANA name such as America/New_York"):
        Habits(timezone=name)


def test_a_zone_that_is_misspelled_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="did you mean 'Europe/Paris'"):
        Habits(timezone="Europe/Pariss")


def test_each_habit_by_itself_comes_before_the_others() -> None:
    source = Habits(numbers="1.234,5")
    file = Habits(numbers="1,234.5", language="fr")
    project = Habits(language="en", timezone="Asia/Tokyo")
    assert source.over(file).over(project) == Habits("1.234,5", "fr", "Asia/Tokyo")
    assert source.over(file.over(project)) == source.over(file).over(project)
