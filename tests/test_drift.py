"""A text that drifted: every span that is found again has its words, every span that has them no more is lost."""

import random
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.model.anchors import FOREIGN, Place, anchored
from khabar.model.drift import Span, Wanted, drift, proven
from khabar.model.text import digest, normal_form, salted_digest

WORDS = [
    *("the", "mayor", "of", "Port Sami", "said", "on", "Monday", "that", "the", "new", "library", "harbour", "would"),
    *("في", "من", "على", "وقال", "وزير", "الخارجية", "المصري", "إن", "المباحثات", "مع", "أحمد", "إبراهيم", "آل"),
]


def page(seed, lines=9):
    """Return a text of some lines with its places: every line, and words and groups of words in it."""
    draw = random.Random(seed)  # noqa: S311 - the same page for the same seed
    text, places = "", []
    for _ in range(lines):
        words = draw.choices(WORDS, k=draw.randint(3, 14))
        begin, starts = len(text), []
        for word in words:
            starts.append(len(text))
            text += word + " "
        text = text[:-1]
        places.append(Place(begin, len(text)))
        for number in draw.sample(range(len(words)), 3):
            last = min(number + draw.randint(0, 2), len(words) - 1)
            places.append(Place(starts[number], starts[last] + len(words[last])))
        text += draw.choice(["\n", "\n\n"])
    return text, places


def wanted(text, places):
    sha256 = digest(text)
    spans = tuple(Span(f"s{number}", "entity", "ORG", *place) for number, place in enumerate(places))
    return Wanted(
        "a", sha256, "", "", spans, {each: salted_digest(sha256, text[each.start : each.end]) for each in places}
    )


def edited(text, draw):
    """Change a text in one of the ways in which texts drift."""
    lines = text.split("\n")
    place = draw.randrange(len(lines))
    kind = draw.choice(["prefix", "headline", "remove", "swap", "insert", "hamza", "word", "glue", "nothing"])
    if kind == "prefix":
        lines[0] = "LIVE: " + lines[0]
    elif kind == "headline":
        lines.insert(0, "An edited headline")
    elif kind == "remove":
        del lines[place]
    elif kind == "swap":
        other = draw.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    elif kind == "insert":
        lines.insert(place, " ".join(draw.choices(WORDS, k=9)))
    elif kind == "hamza":
        lines[place] = lines[place].translate(str.maketrans("أإآ", "ااا"))
    elif kind == "word":
        words = lines[place].split(" ")
        words[draw.randrange(len(words))] = "changed"
        lines[place] = " ".join(words)
    elif kind == "glue":
        lines[place] = lines[place].replace(" ", "", 1)
    return "\n".join(lines)


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_every_span_that_is_found_again_has_its_words_and_the_others_are_lost(seed, edits):
    draw = random.Random(seed)  # noqa: S311 - the same page for the same seed
    text, places = page(seed)
    new = text
    for _ in range(edits):
        new = edited(new, draw)
    article = wanted(text, places)

    found = anchored(article.sha256, article.places, new)

    assert set(found.found) | set(found.lost) == set(article.places)
    assert not set(found.found) & set(found.lost)
    for place, start in found.found.items():
        words = new[start : start + place.end - place.start]
        assert salted_digest(article.sha256, words) == article.places[place]
    order = sorted(found.found)
    for one, other in pairwise(order):
        if one.end <= other.start:
            assert found.found[one] + one.end - one.start <= found.found[other]


@given(st.integers(0, 10**6))
def test_a_span_whose_words_are_gone_is_lost(seed):
    text, places = page(seed)
    article = wanted(text, places)
    gone = places[4]
    words = text[gone.start : gone.end]
    new = text.replace(words, "\N{BULLET}" * len(words))

    found = anchored(article.sha256, article.places, new)

    assert gone in found.lost
    assert {place for place in article.places if words in text[place.start : place.end]} <= set(found.lost)


@given(st.integers(0, 10**6))
def test_in_the_same_text_every_span_is_where_it_was(seed):
    text, places = page(seed)
    article = wanted(text, places)

    found = anchored(article.sha256, article.places, text)

    assert found.found == {place: place.start for place in article.places}


@given(st.integers(0, 10**6))
def test_what_stands_before_the_text_moves_every_span_by_its_length(seed):
    text, places = page(seed)
    article = wanted(text, places)

    found = anchored(article.sha256, article.places, "A banner of the site\n" + text)

    assert found.found == {place: place.start + 21 for place in article.places}


@given(st.integers(0, 10**6), st.integers(1, 7))
def test_a_paragraph_that_was_removed_takes_its_own_spans_alone(seed, number):
    text, _ = page(seed)
    lines = [each for each in text.split("\n") if each]
    lines = list(dict.fromkeys(lines))
    text = "\n".join(lines)
    starts = [sum(len(each) + 1 for each in lines[:place]) for place in range(len(lines))]
    places = [Place(start, start + len(line)) for start, line in zip(starts, lines, strict=True)]
    article = wanted(text, places)
    removed = places[number % len(places)]
    new = text[: removed.start] + text[removed.end + 1 :]

    found = anchored(article.sha256, article.places, new)

    assert set(found.lost) == {removed}


MENDED = {
    "no-break spaces": lambda text: text.replace(" ", "\N{NO-BREAK SPACE}"),
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "blank lines collapsed": lambda text: text.replace("\n\n", "\n"),
    "more blank lines": lambda text: text.replace("\n\n", "\n\n\n\n"),
    "spaces at the ends of lines": lambda text: text.replace("\n", "  \n"),
    "a byte order mark": lambda text: "\N{ZERO WIDTH NO-BREAK SPACE}" + text,
    "direction marks": lambda text: "\N{RIGHT-TO-LEFT MARK}" + text.replace("\n", "\N{RIGHT-TO-LEFT MARK}\n"),
    "two spaces": lambda text: text.replace(" ", "  "),
    "no end": lambda text: text.rstrip("\n"),
}


@pytest.mark.parametrize("name", list(MENDED))
def test_white_space_that_was_changed_everywhere_is_put_back_and_proven_by_the_digest(name):
    text, _ = page(7)
    text = "\n\n".join(line for line in text.split("\n") if line) + "\n"

    changed = normal_form(MENDED[name](text).encode("utf-8")).text
    found = proven(digest(text), changed)

    assert found is not None
    assert found.text == text
    assert bool(found.changes) == (changed != text)


@given(st.integers(0, 10**6), st.lists(st.sampled_from(list(MENDED)), min_size=1, max_size=3), st.integers(1, 2))
def test_in_the_form_that_is_taken_every_span_that_is_found_has_its_words(seed, names, edits):
    draw = random.Random(seed)  # noqa: S311 - the same edits for the same seed
    text, places = page(seed)
    article, new = wanted(text, places), text
    for _ in range(edits):
        new = edited(new, draw)
    for name in names:
        new = MENDED[name](new)

    told, best = drift(article, normal_form(new.encode("utf-8")).text, "x")

    assert told.text_sha256 == digest(best)
    assert told.kept + told.moved + told.lost == len(places)
    for each in told.spans:
        words = text[each.start : each.end]
        assert (each.to is None) == bool(each.why)
        assert each.to is None or best[each.to : each.to + len(words)] == words
    assert sum(count for *_, count in told.moves) == told.moved


def test_a_text_of_other_words_is_not_proven():
    text, _ = page(7)

    assert proven(digest(text), text.replace("e", "a")) is None


def test_a_report_says_what_happened():
    text, places = page(3)
    lines = text.split("\n")
    article = wanted(text, places)
    new = "\n".join(["A new headline", *lines[:4], *lines[5:]]).replace(" ", "\N{NO-BREAK SPACE}")

    told, best = drift(article, new, "page.txt")

    assert "white space" in told.kinds
    assert "text added" in told.kinds
    assert told.mended == ("odd spaces made spaces",)
    assert told.text_sha256 == digest(best)
    assert told.kept + told.moved + told.lost == len(told.spans) == len(places)
    assert told.share == (told.kept + told.moved) / len(places)
    for each in told.spans:
        words = text[each.start : each.end]
        assert (each.to is None) == bool(each.why)
        assert each.to is None or best[each.to : each.to + len(words)] == words


def test_words_that_stand_in_several_places_are_not_guessed():
    text = "First line of the page here\nSami met Nour and then left for the harbour of the town"
    article = wanted(text, [Place(0, 27), Place(28, 32)])
    new = "First line of the page here\nthen Sami and Sami and Sami met Nour"

    found = anchored(article.sha256, article.places, new)

    assert found.found == {Place(0, 27): 0}
    assert list(found.lost.values()) == ["its words stand in several places"]


def test_a_paragraph_that_changed_places_is_said_to_stand_out_of_its_order():
    lines = [f"Line {name} of the page, which is long enough" for name in ("one", "two", "three", "four")]
    starts = [sum(len(each) + 1 for each in lines[:number]) for number in range(4)]
    places = [Place(start, start + len(line)) for start, line in zip(starts, lines, strict=True)]
    article = wanted("\n".join(lines), places)

    found = anchored(article.sha256, article.places, "\n".join([lines[2], lines[0], lines[1], lines[3]]))

    assert set(found.found) == {places[0], places[1], places[3]}
    assert found.lost == {places[2]: "its words stand out of their order"}
    told, _ = drift(article, "\n".join([lines[2], lines[0], lines[1], lines[3]]), "x")
    assert "order changed" in told.kinds
    assert "words changed" not in told.kinds


def test_another_text_is_called_another():
    text, places = page(1)
    other, _ = page(2)
    article = wanted(text, [each for each in places if each.end - each.start >= 24])

    found = anchored(article.sha256, article.places, other)

    assert not found.found
    assert set(found.lost.values()) == {FOREIGN}
