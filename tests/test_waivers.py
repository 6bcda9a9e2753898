"""Accepted findings are data with a reason and an end, and show themselves when they are not needed."""

import pytest

from conftest import add_gold
from khabar import checks
from khabar.errors import BadRecord
from khabar.store import Corpus

PAGE = "[[Port Sami ](GPE)opens](HEADLINE)\n[A [port ](FAC)too](BODY)"
WAIVER = """
[[waivers]]
check = "{check}"
article = "open-a"
reason = "the outlet writes it so"
until = "{until}"
{more}
"""


def found(corpus, **waiver):
    add_gold(corpus, "open", "a", PAGE)
    text = WAIVER.format(**{"check": "span-trimmed", "until": "2099-12-31", "more": ""} | waiver)
    (corpus.root / "annotations" / "waivers.toml").write_text(text, encoding="utf-8")
    return [each for part in checks.judge(Corpus(corpus.root), []) for each in part.findings]


def test_a_waiver_forgives_its_findings(corpus):
    assert found(corpus) == []


def test_a_waiver_of_one_span_forgives_that_span_alone(corpus):
    (left,) = found(corpus, more='span = "n1"')

    assert (left.check, left.words) == ("span-trimmed", "port ")


@pytest.mark.parametrize(
    ("waiver", "said"),
    [
        ({"until": "2020-01-01"}, "ended on 2020-01-01: mend what it forgave, or renew it"),
        ({"check": "region-lines"}, "the waiver of region-lines forgives nothing: remove it"),
        ({"check": "span-trim"}, "names the check 'span-trim', which there is not"),
        ({"more": 'span = "nobody"'}, "the waiver of span-trimmed forgives nothing: remove it"),
    ],
)
def test_a_waiver_that_is_not_needed_is_a_finding_and_forgives_nothing(corpus, waiver, said):
    findings = found(corpus, **waiver)

    assert [each.check for each in findings] == ["span-trimmed", "span-trimmed", "waiver-needed"]
    assert said in findings[-1].message


@pytest.mark.parametrize("until", ["2026-99-99", "2099-02-29", "2099"])
def test_a_waiver_until_a_day_that_there_is_not_is_refused(corpus, until):
    with pytest.raises(BadRecord, match=r"annotations/waivers.toml: "):
        found(corpus, until=until)


def test_the_day_is_that_of_the_source_where_a_build_must_repeat_itself(corpus, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1577750400")  # 2019-12-31

    assert found(corpus, until="2020-01-01") == []


@pytest.mark.parametrize("more", ["colour = 1", "[[others]]", 'reason = "twice"', "[["])
def test_a_file_of_waivers_that_is_none_gets_one_line(corpus, more):
    with pytest.raises(BadRecord, match=r"annotations/waivers.toml: ") as error:
        found(corpus, more=more)

    assert "\n" not in str(error.value)
