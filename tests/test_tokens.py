"""Tokens, sentences and tags are derived from texts: nothing is lost, nothing overlaps, and a loop finds the same."""

import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from khabar.model import inline
from khabar.model.article import Article
from khabar.model.labels import ViewLabel
from khabar.model.outermost import NONE, by_place, outermost, touching
from khabar.model.records import Annotated, batch
from khabar.model.tags import tag_names, tags
from khabar.model.text import digest
from khabar.model.tokens import main_text, tokens
from test_model import AWKWARD, SOURCE, encodable

PIECES = [*AWKWARD, ".", "?", "3", ".5", "\N{ARABIC-INDIC DIGIT THREE}", "\N{ARABIC DECIMAL SEPARATOR}", '"', "ab", "_"]
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), min_size=1, max_size=20).map("".join)


def batch_of(labels, *marked):
    """Put annotated texts into a batch."""
    return batch(labels, [annotated(labels, number, each) for number, each in enumerate(marked)])


def annotated(labels, number, marked, text=None):
    found = inline.read(marked, labels) if text is None else inline.read("", labels)
    text = found.text if text is None else text
    article = Article(id=f"a{number}", sha256=digest(text), length=max(len(text), 1), file="")
    return Annotated(article, SOURCE, text, found.annotation(labels, article.id, "x"))


def plain(labels, *texts):
    """Put texts without annotations into a batch."""
    return batch(labels, [annotated(labels, number, "", text) for number, text in enumerate(texts)])


def told(given_batch):
    """Return the tokens of each sentence of each article."""
    found = {}
    characters, all_tokens = given_batch.characters, tokens(given_batch)
    for place in range(len(all_tokens)):
        words = characters[all_tokens.first[place] : all_tokens.stop[place]].astype("<u4").tobytes().decode("utf-32-le")
        key = int(all_tokens.article[place]), int(all_tokens.sentence[place])
        found.setdefault(key, []).append(words)
    return list(found.values())


SENTENCES = [
    ("he said: 3.5 of 1,000.", [["he", "said", ":", "3.5", "of", "1,000", "."]]),
    ('"Is it (so?)" no.', [['"', "Is", "it", "(", "so", "?", ")", '"'], ["no", "."]]),
    ("D. Smith went. Then", [["D", ".", "Smith", "went", "."], ["Then"]]),
    ("one\n\ntwo", [["one"], ["two"]]),
    ("a.b #c_d 12.x", [["a", ".", "b", "#", "c_d", "12", ".", "x"]]),
    (
        "\N{ARABIC LETTER LAM}\N{ARABIC TATWEEL}\N{ARABIC SHADDA}\N{ARABIC QUESTION MARK} \N{ARABIC LETTER WAW}",
        [
            ["\N{ARABIC LETTER LAM}\N{ARABIC TATWEEL}\N{ARABIC SHADDA}", "\N{ARABIC QUESTION MARK}"],
            ["\N{ARABIC LETTER WAW}"],
        ],
    ),
    ("\N{RIGHT-TO-LEFT MARK}a\N{ZERO WIDTH NON-JOINER}b\N{NO-BREAK SPACE}c", [["a\N{ZERO WIDTH NON-JOINER}b", "c"]]),
    (
        "\N{COMBINING ACUTE ACCENT} e\N{COMBINING ACUTE ACCENT}",
        [["\N{COMBINING ACUTE ACCENT}", "e\N{COMBINING ACUTE ACCENT}"]],
    ),
    ("\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}ok", [["\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}", "ok"]]),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_a_text_has_these_tokens_in_these_sentences(labels, text, expected):
    assert told(plain(labels, text)) == expected


@given(st.lists(TEXT.filter(encodable), max_size=4))
def test_tokens_follow_one_another_and_leave_nothing_out_but_spaces(labels, texts):
    given_batch = plain(labels, *texts)

    found = tokens(given_batch)

    characters = "".join(texts)
    assert (found.first < found.stop).all()
    assert (found.first[1:] >= found.stop[:-1]).all()
    assert (given_batch.base[found.article] <= found.first).all()
    assert (found.stop <= given_batch.base[found.article + 1]).all()
    left = set(range(len(characters))).difference(*map(range, found.first.tolist(), found.stop.tolist()))
    assert all(characters[place].isspace() or unicodedata.category(characters[place])[0] in "CZ" for place in left)
    assert not any(any(each.isspace() for each in token) for sentence in told(given_batch) for token in sentence)
    assert set(np.diff(found.sentence).tolist()) <= {0, 1}


@given(st.lists(TEXT.filter(encodable), min_size=2, max_size=4))
@example([".", "]\N{RIGHT-TO-LEFT MARK}\N{GRINNING FACE}"])  # a mark that closes nothing of its own article
def test_what_stands_in_other_articles_leaves_no_trace(labels, texts):
    alone = [told(plain(labels, text)) for text in texts]

    assert told(plain(labels, *texts)) == [sentence for each in alone for sentence in each]


NESTED = (
    "[the [mayor of [Port](GPE)](OCC) of it](HEADLINE)\n"
    "[pre[Port](GPE)-[Bank](ORG) [Ab Cd](PERS)[Ef](ORG) [two](CARDINAL)](BODY)\n"
    "[in [Rome](GPE)](NAV)"
)


NAMES = ["PERS", "OCC", "GPE", "FAC", "CURR", "MONEY", "DATE", "LAW"]
VIEWS = ["conll", "ontonotes"]
PLACES = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 5)), max_size=8)


@given(PLACES, PLACES)
def test_what_is_outermost_and_what_it_touches_is_found_as_a_loop_finds_it(spans, units):
    start, size = np.array(spans, dtype=np.int64).reshape(-1, 2).T
    first, length = np.array(units, dtype=np.int64).reshape(-1, 2).T

    rows = by_place(start, start + size)
    rows = rows[outermost(start[rows], start[rows] + size[rows])]
    found = touching(first, first + length, start[rows], start[rows] + size[rows])

    expected, reached = [], 0
    for row in sorted(range(len(spans)), key=lambda each: (spans[each][0], -spans[each][1])):
        if spans[row][0] >= reached:
            expected.append(row)
        reached = max(reached, sum(spans[row]))
    assert rows.tolist() == expected
    for place, row in zip(units, found.tolist(), strict=True):
        met = [at for at, each in enumerate(expected) if spans[each][0] < sum(place) and place[0] < sum(spans[each])]
        assert row == (met[0] if met else NONE)


def tagged(labels, marked, view):
    given_batch = batch_of(labels, marked)
    found = tokens(given_batch)
    names = tag_names(view)
    return [names[number] for number in tags(given_batch, found, "entity", view)]


def test_tags_are_of_the_outermost_spans_once_labels_are_mapped(labels):
    layer = labels.layers["entity"]

    own = tagged(labels, NESTED, layer.own_view)
    conll, ontonotes = (tagged(labels, NESTED, layer.views[name]) for name in ("conll", "ontonotes"))

    # the mayor of Port of it / prePort - Bank AbCdEf: "Ab" "CdEf" two / in Rome
    assert own[:6] == ["O", "B-OCC", "I-OCC", "I-OCC", "O", "O"]
    assert conll[:6] == ["O", "O", "O", "B-LOC", "O", "O"]
    assert ontonotes[:6] == ["O", "O", "O", "B-GPE", "O", "O"]
    assert own[6:] == ["B-GPE", "O", "B-ORG", "B-PERS", "I-PERS", "B-CARDINAL", "O", "B-GPE"]
    assert conll[6:] == ["B-LOC", "O", "B-ORG", "B-PER", "I-PER", "O", "O", "B-LOC"]
    assert ontonotes[6:] == ["B-GPE", "O", "B-ORG", "B-PERSON", "I-PERSON", "B-CARDINAL", "O", "B-GPE"]


def test_views_are_those_of_the_scheme(labels):
    views = labels.layers["entity"].views

    mapped = {name: {each for label in view for each in label.of} for name, view in views.items()}
    own = {label.name for label in labels.layers["entity"].labels}
    assert {name: len(view) for name, view in views.items()} == {"conll": 4, "ontonotes": 18}
    assert own - mapped["ontonotes"] == {"OCC", "CURR", "UNIT", "WEBSITE"}
    numbers = {"DATE", "TIME", "MONEY", "PERCENT", "QUANTITY", "CARDINAL", "ORDINAL"}
    assert own - mapped["conll"] == {"OCC", "CURR", "UNIT"} | numbers


def test_a_label_at_the_end_of_a_view_moves_no_number():
    view = (ViewLabel(name="A", of=("X",)), ViewLabel(name="B", of=()))

    assert tag_names((*view, ViewLabel(name="C", of=("Y",))))[: 1 + 2 * len(view)] == tag_names(view)


def test_boilerplate_is_no_main_text_and_without_regions_all_is(labels):
    marked, bare = batch_of(labels, NESTED), batch_of(labels, "no regions here")

    found = tokens(marked)
    kept = found.select(main_text(marked)[found.first])

    assert (len(found), len(kept)) == (14, 12)
    assert kept.sentence.tolist() == [0] * 6 + [1] * 6
    assert main_text(bare).all()


@given(st.lists(st.lists(st.sampled_from(NAMES), max_size=3), min_size=1, max_size=7), st.sampled_from([None, *VIEWS]))
def test_tags_are_what_a_loop_over_spans_finds(labels, words, name):
    layer = labels.layers["entity"]
    view = layer.views[name] if name else layer.own_view

    found = tagged(labels, " ".join(map(wrapped, words)), view)

    becomes = {each: label.name for label in view for each in label.of}
    mapped = [[becomes[each] for each in word if each in becomes] for word in words]
    assert found == [f"B-{each[0]}" if each else "O" for each in mapped]


def wrapped(outside_in):
    """Return a word in spans that lie in one another, each a letter longer than the next."""
    word = "ab"
    for name in reversed(outside_in):
        word = f"[{word}c]({name})"
    return word
