"""What a search finds an image by. Pure functions.

The *terms* of an image are its words, ``#`` and each tag, ``@`` and each album, ``/`` and its
folder, ``=`` and each key of its context, alone and with its value, ``~`` and the state of its
moderation: whatever a list is filtered by is a term, so that one index serves every filter. A
*word* is a run of letters or a run of digits (``DSC01234`` is two words), brought to one spelling
(NFKC, case folded).

Chinese, Japanese, Thai and their like are written without spaces. A run of such characters has as
its words each character and each pair of neighbours; a search for a longer run asks for its pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby, islice, pairwise

MAX_WORDS = 256
"""Of one image; more are not searched for. Each is an entry in two indexes."""

MAX_SEARCH_WORDS = 8
"""Of one search; the rest is ignored."""

MAX_WORD = 32
"""Characters of a word that count."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Myanmar, Khmer
    "\u3005\u3040-\u30ff\u31f0-\u31ff"  # Japanese syllables and the sign that repeats
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"  # Chinese characters
)


def words_of(query: str) -> tuple[str, ...]:
    """The words of a search, each once; the last may be the beginning of a word."""
    runs = _runs(query)
    asked = (_pairs(run) or [run] if is_unspaced(run) else [run[:MAX_WORD]] for run in runs)
    return tuple(islice(dict.fromkeys(chain.from_iterable(asked)), MAX_SEARCH_WORDS))


def terms_of(
    *texts: str,
    tags: Iterable[str] = (),
    albums: Iterable[str] = (),
    folder: str = "",
    context: Mapping[str, str] | None = None,
    moderation: str = "",
) -> tuple[str, ...]:
    """The terms of an image with these texts, tags (whole, and by word) and the rest, each
    once."""
    tags = list(tags)
    words = chain.from_iterable(_words(run) for each in (*tags, *texts) for run in _runs(each))
    named = [*map(tag_term, tags), *map(album_term, albums)]
    if folder:
        named.append(folder_term(folder))
    if moderation:
        named.append(moderation_term(moderation))
    for key, value in (context or {}).items():
        named += [context_term(key), context_term(key, value)]
    return (*dict.fromkeys(named), *islice(dict.fromkeys(words), MAX_WORDS))


def tag_term(tag: str) -> str:
    """The term that an image with this tag has."""
    return f"#{tag}"


def album_term(album: str) -> str:
    """The term that an image in this album has."""
    return f"@{album}"


def folder_term(folder: str) -> str:
    """The term that an image in this very folder has; below it lie those that begin so."""
    return f"/{folder}"


def context_term(key: str, value: str | None = None) -> str:
    """The term that an image has which says something under this key, or this very value."""
    # Neither a key nor a value has a NUL in it.
    return f"={key}" if value is None else f"={key}\0{value}"


def moderation_term(state: str) -> str:
    """The term that an image in this state of moderation has."""
    return f"~{state}"


def is_word(term: str) -> bool:
    """Whether the term is a word, and no tag, album or the like."""
    return not term.startswith(("#", "@", "/", "=", "~"))


def is_unspaced(word: str) -> bool:
    """Whether the word is of a script without spaces: then it begins no other."""
    return _UNSPACED.fullmatch(word) is not None


def is_number(word: str) -> bool:
    """Whether the word is a run of digits."""
    return _kind(word[:1]) == "N"


def _words(run: str) -> list[str]:
    return [*run, *_pairs(run)] if is_unspaced(run) else [run[:MAX_WORD]]


def _pairs(run: str) -> list[str]:
    return [first + second for first, second in pairwise(run)]


def _runs(text: str) -> Iterator[str]:
    """The runs of letters and of digits, cut where a script without spaces begins or ends."""
    # Folding can undo the normal form, so it is restored.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    for kind, characters in groupby(folded, _kind):
        if kind:
            yield from filter(None, re.split(f"({_UNSPACED.pattern})", "".join(characters)))


def _kind(character: str) -> str:
    """``L`` for letters and marks upon them, ``N`` for digits, nothing for what is in no word."""
    category = unicodedata.category(character)[0]
    return {"L": "L", "M": "L", "N": "N"}.get(category, "")
