"""The guidelines are believed by annotators, so their examples are checked by the program that checks the gold."""

import re
from typing import NamedTuple

import pytest

from conftest import REPOSITORY
from khabar.model import inline
from khabar.model.finding import Severity
from khabar.model.labelfile import label_set
from test_checks import judged

FOLDER = REPOSITORY / "annotations" / "guidelines"
LABELS = label_set((REPOSITORY / "annotations" / "labels.toml").read_bytes(), "labels.toml")
HEADING = re.compile(r"^(#{2,3}) (.+)$")
FENCE = re.compile(r"^```khabar (right|wrong)(?: ([a-z-]+))?$")


class Example(NamedTuple):
    place: str
    section: str
    right: bool
    fires: str
    marked: str


def examples():
    found = []
    for path in sorted(FOLDER.glob("*.md")):
        section = value = ""
        lines = iter(enumerate(path.read_text(encoding="utf-8").splitlines(), start=1))
        for number, line in lines:
            if heading := HEADING.match(line):
                section, value = (heading[2], "") if heading[1] == "##" else (section, heading[2])
            elif fence := FENCE.match(line):
                block = []
                for _, inside in lines:
                    if inside == "```":
                        break
                    block.append(inside)
                name = f"{path.stem}/{section}/{value}".rstrip("/")
                place = f"{path.name}:{number}"
                found.append(Example(place, name, fence[1] == "right", fence[2] or "", "\n".join(block)))
            else:
                assert not line.startswith("```khabar"), f"{path.name}:{number}: {line}"
    return found


EXAMPLES = examples()


def findings(example):
    found = inline.read(example.marked, LABELS)
    findings = judged(LABELS, found.annotation(LABELS, "open-a"), found.text)
    return [each for each in findings if each.severity is Severity.ERROR]  # an example need not be a whole article


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.right], ids=lambda each: each.place)
def test_a_right_example_breaks_no_rule(example):
    assert [str(each) for each in findings(example)] == []


@pytest.mark.parametrize("example", [each for each in EXAMPLES if not each.right], ids=lambda each: each.place)
def test_a_wrong_example_breaks_the_rule_that_it_names_or_none(example):
    fired = {each.check for each in findings(example)}

    assert (example.fires in fired) if example.fires else not fired


def test_every_wrong_example_has_its_right_twin_on_the_same_words():
    for number, example in enumerate(EXAMPLES):
        if not example.right:
            text = inline.read(example.marked, LABELS).text
            twins = [
                each
                for each in EXAMPLES[number + 1 :]
                if each.right and each.section == example.section and inline.read(each.marked, LABELS).text == text
            ]
            assert twins, f"{example.place} has no right twin"
            assert twins[0].marked != example.marked


def wanted():
    for layer, content in LABELS.layers.items():
        yield from (f"{layer}/{label.name}" for label in content.labels)
        for name in LABELS.attributes_of(layer):
            values = {value.name for each in LABELS.attributes if each.name == name for value in each.values}
            own = {label.name for label in content.labels}
            if any(own & set(each.labels) and each.values for each in LABELS.attributes if each.name == name):
                yield from (f"{layer}/{name}/{value}" for value in sorted(values))
            else:
                yield f"{layer}/{name}"
        yield from (f"{layer}/{each.name}" for each in LABELS.relations if LABELS.layer_of[each.head] == layer)


@pytest.mark.parametrize("section", sorted(wanted()))
def test_every_label_value_and_relation_has_a_right_and_a_wrong_example(section):
    kinds = {each.right for each in EXAMPLES if each.section == section}

    assert kinds == {True, False}
