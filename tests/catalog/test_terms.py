"""What a search finds an image by."""

from __future__ import annotations

import pytest

from gallery.catalog.terms import (
    MAX_SEARCH_WORDS,
    MAX_WORD,
    MAX_WORDS,
    is_word,
    terms_of,
    words_of,
)


def test_words_are_lower_case_and_each_is_there_once() -> None:
    assert terms_of("The garden, the GARDEN!") == ("the", "garden")


def test_tags_are_there_whole_and_by_word_and_albums_whole() -> None:
    assert terms_of("Dusk", tags=["New York"], albums=["a1"]) == (
        "#New York",
        "@a1",
        "new",
        "york",
        "dusk",
    )


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        ("Straße", "STRASSE"),
        ("\uff26\uff35\uff2c\uff2c width", "full"),
        ("cafe\u0301", "caf\u00e9"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("हिन्दी", "हिन्दी"),
        ("Łódź 2026", "łódź"),
        ("IMG_1234.jpg", "1234"),
        ("ﬁne ﬂow", "fine"),
        ("x²", "x2"),
        ("DSC01234", "dsc"),
        ("DSC01234", "01234"),
    ],
)
def test_one_word_has_one_spelling_whoever_writes_it(written: str, searched: str) -> None:
    assert set(words_of(searched)) <= set(terms_of(written))


def test_letters_and_digits_are_words_of_their_own() -> None:
    assert words_of("20260501_DSC0123.jpg 3D ٣") == (
        "20260501",
        "dsc",
        "0123",
        "jpg",
        "3",
        "d",
        "٣",
    )


@pytest.mark.parametrize("run", ["東京都", "ความสุข", "ひらがな"])
def test_what_is_written_without_spaces_is_found_by_any_part(run: str) -> None:
    terms = set(terms_of(f"in {run} 2026"))
    for start in range(len(run)):
        for end in range(start + 1, len(run) + 1):
            assert set(words_of(run[start:end])) <= terms


def test_a_script_with_spaces_and_one_without_are_parted() -> None:
    assert words_of("iPhoneで撮影") == ("iphone", "で撮", "撮影")


@pytest.mark.parametrize("query", ["", "   ", "!?#*", "$where", "\0", "\ud800"])
def test_a_search_of_signs_has_no_sign_in_its_words(query: str) -> None:
    assert all(word.isalnum() for word in words_of(query))


def test_words_and_their_number_are_bounded() -> None:
    assert terms_of("x" * 2000) == ("x" * MAX_WORD,)
    assert words_of("x" * 2000) == ("x" * MAX_WORD,)
    assert len(terms_of(" ".join(map(str, range(2000))))) == MAX_WORDS
    assert len(words_of(" ".join(map(str, range(2000))))) == MAX_SEARCH_WORDS


def test_folder_and_context_are_terms_but_no_words() -> None:
    terms = terms_of("sea", folder="year/2026", context={"alt": "A ship", "1": "x=y"})

    assert terms == (
        *("/year/2026", "=alt", "=alt\0A ship", "=1", "=1\0x=y"),
        "sea",
    )
    assert [term for term in terms if is_word(term)] == ["sea"]
