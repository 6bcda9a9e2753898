"""What everybody says of an article, side by side: on the terminal and as a page."""

import html
import re

import msgspec
import pytest

from adjudicating import answers, article, says, settle
from conftest import add_gold

A = (
    "[Port Sami](GPE id=e1 entity=p) opens, [said](CUE id=c1) [[Leila Haddad](PERS id=e2 entity=l)](SOURCE id=s1): "
    "[it opens](QUOTE id=q1 type=direct HAS_SOURCE=s1 HAS_CUE=c1)"
)
SHORT = A.replace("[Port Sami](GPE id=e1 entity=p)", "Port [Sami](PERS id=e1 entity=x)").replace(" HAS_CUE=c1", "")


def quoted(words):
    return f"«\N{FIRST STRONG ISOLATE}{words}\N{POP DIRECTIONAL ISOLATE}»"


@pytest.fixture
def told(corpus):
    """An article with two annotators, an adjudicator, and gold."""
    key = article(corpus)
    says(corpus, key, A, "a1")
    says(corpus, key, SHORT, "a2")
    (corpus.campaign("pilot") / "campaign.toml").touch()
    settle(corpus)
    answers(corpus, key, A)
    settle(corpus)
    return key


def show(khabar_here, corpus, *arguments):
    status, out, err = khabar_here("--root", corpus.root, "show", *arguments)
    assert status == 0, err
    return out.splitlines(), err.splitlines()


def test_annotators_adjudicator_and_gold_stand_side_by_side_differences_first(corpus, told, khabar_here):
    out, err = show(khabar_here, corpus, told)

    heads = next(number for number, line in enumerate(out) if line.startswith("a1"))
    assert out[heads].split() == ["a1", "a2", "judge", "gold"]
    differ = [line for line in out if line.startswith("\N{NOT EQUAL TO}")]
    assert differ == out[heads + 2 : heads + 4]
    assert re.split(r"  +", differ[0][2:]) == [
        *("GPE entity=p", "PERS @5-9 entity=p", "GPE entity=p", "GPE entity=p"),
        *("0-9 e1 adjudicated", quoted("Port Sami")),
    ]
    assert re.split(r"  +", differ[1][2:])[:4] == ["HAS_CUE", "\N{EM DASH}", "HAS_CUE", "HAS_CUE"]
    assert differ[1].endswith(f"{quoted('it opens')} {quoted('said')}")
    assert err == ["4 voices, 7 spans and links: 2 differ"]


def test_files_are_listed_with_that_of_the_decisions(corpus, told, khabar_here):
    out, _ = show(khabar_here, corpus, told, "--differences", "--layer", "entity")

    assert out[:6] == [
        f"corpus/open/{told}.txt",
        f"annotations/campaigns/pilot/annotations/a1/{told}.json",
        f"annotations/campaigns/pilot/annotations/a2/{told}.json",
        f"annotations/campaigns/pilot-adjudication/annotations/judge/{told}.json",
        f"annotations/decisions/open/{told}.json",
        f"annotations/gold/open/{told}.json",
    ]
    assert [line[0] for line in out[8:]] == [" ", "\N{NOT EQUAL TO}"]


def test_predictions_are_laid_beside_and_what_cannot_be_compared_is_counted(corpus, told, khabar_here, tmp_path):
    gold = corpus.gold_of(corpus.article(told))
    spans = (*gold.spans[1:], msgspec.structs.replace(gold.spans[0], end=999))
    corpus.write_annotation(
        tmp_path / "predicted" / "p.json", msgspec.structs.replace(gold, annotator="tagger", kind="model", spans=spans)
    )

    out, err = show(khabar_here, corpus, told, "--with", tmp_path / "predicted")

    assert next(line for line in out if line.startswith("a1")).split() == ["a1", "a2", "judge", "tagger", "gold"]
    assert err[0] == "tagger: 1 spans and links cannot be shown: run 'khabar check'"


def test_words_that_are_withheld_are_shown_by_their_digest(corpus, khabar_here):
    key = add_gold(corpus, "closed", "a", A)
    digest = next(each.digest for each in corpus.gold_of(corpus.article(key)).spans if each.label == "CUE")
    (corpus.root / "corpus" / "closed" / f"{key}.txt").unlink()

    out, _ = show(khabar_here, corpus, key)

    assert f"= CUE  17-21 c1  sha256:{digest}" in [re.sub(r"  +", "  ", line) for line in out]


def test_the_page_holds_every_line_and_needs_nothing_else(corpus, told, khabar_here, tmp_path):
    target = tmp_path / "page.html"

    out, _ = show(khabar_here, corpus, told, "--html", target)

    page = target.read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    words = html.unescape(re.sub(r"<i .*?</i>|<[^>]+>", "", page.split('id="line-1"')[1]))
    assert words.count("Port Sami opens, said Leila Haddad: it opens") == 4
    assert 'PERS</span> <span class="more"><bdi>@5-9 entity=p' in page
    assert out[0] == f"corpus/open/{told}.txt"


def test_spans_that_cross_are_closed_and_opened_again_on_the_page(corpus, khabar_here, tmp_path):
    key = article(corpus, text="one <two> three")
    first = says(corpus, key, "[one <two>](ORG) three", "a1")
    span = msgspec.structs.replace(first.spans[0], start=4, end=15, label="GPE", id="x", text="<two> three")
    path = corpus.campaign("pilot") / "annotations" / "a1" / f"{key}.json"
    corpus.write_annotation(path, msgspec.structs.replace(first, spans=(*first.spans, span)))
    (corpus.campaign("pilot") / "campaign.toml").touch()

    show(khabar_here, corpus, key, "--html", tmp_path / "page.html")

    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    marked = re.search(r'<p class="text" dir="auto">(.*)</p>', page)[1]
    assert re.sub(r' style="[^"]*"|<i dir="ltr">\w+</i>', "", marked) == (
        "<mark>one <mark>&lt;two&gt;</mark></mark><mark> three</mark>"
    )
