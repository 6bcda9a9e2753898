"""Findings in every format: whole documents, nothing lost, nothing that turns a line or breaks a reader."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pytest

from khabar.checks import CHECKS, FORMATS
from khabar.errors import NotFound
from khabar.model.finding import Finding, Severity

AWKWARD = "<b>&\"'\n%0A::error::\N{GRINNING FACE}\x1b\N{RIGHT-TO-LEFT MARK}"
FINDINGS = [
    Finding(
        check="span-trimmed",
        severity=Severity.ERROR,
        article="open-a",
        annotator="a1",
        message=f"white space {AWKWARD}",
        start=6,
        end=15,
        span="s1",
        words=AWKWARD,
    ),
    Finding(check="text-unchanged", severity=Severity.WARNING, article="open-b", annotator="gold", message="changed"),
]


def told(name, findings=FINDINGS):
    return "\n".join(FORMATS[name](iter(findings)))


def test_every_format_tells_no_findings_as_a_whole_document():
    assert told("text", []) == told("json", []) == told("github", []) == ""
    assert json.loads(told("sarif", []))["runs"][0]["results"] == []
    assert {suite.get("failures") for suite in ET.fromstring(told("junit", []))} == {"0"}


def test_json_is_an_object_a_line():
    lines = told("json").split("\n")

    assert [json.loads(line)["article"] for line in lines] == ["open-a", "open-b"]
    assert json.loads(lines[0])["words"] == AWKWARD


def test_github_annotations_are_one_line_each_whatever_they_quote():
    lines = told("github").split("\n")

    assert len(lines) == len(FINDINGS)
    assert lines[0].startswith("::error title=span-trimmed in open-a::open-a:6-15: error: ")
    assert "%0A%250A%3A" not in lines[0]
    assert "\N{SYMBOL FOR NEWLINE}%250A::error::" in lines[0]
    assert lines[1].startswith("::warning title=text-unchanged in open-b::")


def test_junit_has_a_suite_a_check_and_a_failed_case_a_finding():
    root = ET.fromstring(told("junit"))

    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == list(CHECKS)
    (case,) = suites["span-trimmed"]
    assert case.get("name") == "open-a:6-15"
    assert "white space <b>&" in case.find("failure").get("message")
    assert suites["span-in-text"].find("testcase").find("failure") is None
    assert (root.get("failures"), root.get("tests")) == ("2", str(len(CHECKS)))


def test_sarif_keeps_to_the_published_schema():
    path = Path(__file__).parent / "fixtures" / "sarif" / "sarif-2.1.0-rtm.5.json"
    schema = jsonschema.Draft4Validator(json.loads(path.read_bytes()), format_checker=jsonschema.FormatChecker())
    lost = Finding(
        check="record-reads",
        severity=Severity.ERROR,
        article="annotations/gold/a b/c.json",
        annotator="",
        message="cut",
    )
    linked = msgspec.structs.replace(FINDINGS[0], line=3, link="http://127.0.0.1:8080/projects/3/data?task=7")

    for findings in ([], FINDINGS, [lost, linked]):
        assert [each.message for each in schema.iter_errors(json.loads(told("sarif", findings)))] == []

    wrong = json.loads(told("sarif").replace('"level":"error"', '"level":"fatal"'))
    assert not schema.is_valid(wrong)


def test_a_place_is_the_line_of_the_record_and_without_a_file_that_of_the_text():
    filed = msgspec.structs.replace(FINDINGS[0], file="annotations/gold/a b/c.json", file_line=7, line=2)

    found = json.loads(told("sarif", [*FINDINGS, filed]))["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in found]

    uris = [each["artifactLocation"]["uri"] for each in places]
    assert uris == ["open-a.txt", "open-b.txt", "annotations/gold/a%20b/c.json"]
    assert [each.get("region") for each in places] == [{"charOffset": 6, "charLength": 9}, None, {"startLine": 7}]
    assert found[2]["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "open-a:2:6-15"}]
    command = "::error file=annotations/gold/a b/c.json,line=7,title=span-trimmed in open-a::open-a:2:6-15: error: "
    assert told("github", [filed]).startswith(command)


def test_sarif_names_every_rule_and_gives_places_in_code_points():
    log = json.loads(told("sarif"))

    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert run["columnKind"] == "unicodeCodePoints"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(CHECKS)
    first, second = run["results"]
    assert (first["ruleId"], first["level"]) == ("span-trimmed", "error")
    assert first["locations"][0]["physicalLocation"]["region"] == {"charOffset": 6, "charLength": 9}
    assert second["level"] == "warning"
    assert "region" not in second["locations"][0]["physicalLocation"]


def test_a_format_that_there_is_not_is_told_from_those_there_are():
    with pytest.raises(NotFound, match="no format is called 'xml'; there are: github, json, junit, sarif, text"):
        FORMATS["xml"]
