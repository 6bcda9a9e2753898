"""How findings are told: one format a function, registered under its name.  All take findings in order and stream."""

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import msgspec

from khabar.checks.engine import CHECKS
from khabar.model.finding import Finding, Severity
from khabar.registry import Registry

Format = Callable[[Iterable[Finding]], Iterator[str]]
FORMATS: Registry[Format] = Registry("format")

SARIF = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def text(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a line a finding, the place first."""
    yield from map(str, findings)


def json(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a JSON object a line."""
    for each in findings:
        yield msgspec.json.encode(each).decode()


def github(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield workflow commands, which GitHub shows as annotations of a run, beside the line that is to be mended.

    Its escapes: docs.github.com, "Workflow commands for GitHub Actions".
    """
    for each in findings:
        title = _escaped(f"{each.check} in {each.article}", property_=True)
        place = f"file={_escaped(each.file, property_=True)},line={each.file_line}," if each.file else ""
        yield f"::{each.severity} {place}title={title}::{_escaped(str(each))}"


def _escaped(words: str, *, property_: bool = False) -> str:
    words = words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return words.replace(":", "%3A").replace(",", "%2C") if property_ else words


def junit(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a JUnit report: a suite a check, a failed case a finding, a passed case where there is none."""
    found: dict[str, list[Finding]] = {name: [] for name in CHECKS}
    for each in findings:
        found.setdefault(each.check, []).append(each)
    failures = sum(map(len, found.values()))
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    cases = sum(max(len(each), 1) for each in found.values())
    yield f'<testsuites name="khabar check" tests="{cases}" failures="{failures}">'
    for name, those in found.items():
        yield f'  <testsuite name={quoteattr(name)} tests="{max(len(those), 1)}" failures="{len(those)}">'
        if not those:
            yield f"    <testcase classname={quoteattr(name)} name={quoteattr(CHECKS[name].summary)}/>"
        for each in those:
            yield f"    <testcase classname={quoteattr(name)} name={quoteattr(_printable(each.place))}>"
            told = escape(_printable(str(each)))
            yield f"      <failure message={quoteattr(_printable(each.message))}>{told}</failure>"
            yield "    </testcase>"
        yield "  </testsuite>"
    yield "</testsuites>"


def _printable(words: str) -> str:
    """Take away what XML 1.0 cannot hold."""
    return "".join(each for each in words if each in "\t\n" or (each >= " " and each not in "\ufffe\uffff"))


def sarif(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a SARIF 2.1.0 log, for code scanning services.

    A place is the line of the record that is to be mended; where there is no file of it, the text's code points.
    """
    rules = [
        {
            "id": each.name,
            "shortDescription": {"text": each.summary},
            "fullDescription": {"text": each.why},
            "defaultConfiguration": {"level": str(each.severity)},
        }
        for each in CHECKS.values()
    ]
    yield f'{{"$schema":"{SCHEMA}","version":"{SARIF}","runs":[{{'
    driver = {"name": "khabar check", "rules": rules}
    yield f'"tool":{msgspec.json.encode({"driver": driver}).decode()},'
    yield '"columnKind":"unicodeCodePoints","results":['
    comma = ""
    for each in findings:
        yield comma + msgspec.json.encode(_result(each)).decode()
        comma = ","
    yield "]}]}"


def _result(finding: Finding) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": quote(finding.file or f"{finding.article}.txt")}}
    if finding.file:
        place["region"] = {"startLine": finding.file_line}
    elif finding.start >= 0:
        region = {"charOffset": finding.start, "charLength": max(finding.end - finding.start, 0)}
        place["region"] = {"startLine": finding.line, **region} if finding.line else region
    result: dict[str, object] = {
        "ruleId": finding.check,
        "level": "error" if finding.severity is Severity.ERROR else "warning",
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": finding.place}]}],
        "properties": {"article": finding.article, "annotator": finding.annotator, "span": finding.span},
    }
    return {**result, "hostedViewerUri": finding.link} if finding.link else result


for _format in (text, json, sarif, junit, github):
    FORMATS.add(_format.__name__, _format)
