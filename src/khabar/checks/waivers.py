"""Findings that are accepted, for a reason and until a day: data, never an exception in a rule.

A waiver that forgives nothing, or is past its end, is a finding itself.
"""

from collections.abc import Iterable, Iterator

from khabar.checks.engine import CHECKS, Broken, check
from khabar.checks.view import View
from khabar.model.finding import Finding, Level, Severity, Waiver


@check("waiver-needed", Level.CORPUS)
def waiver_needed(_: View) -> Iterable[Broken]:
    """A waiver names a check that there is, forgives a finding, and has not ended.

    What was mended needs no pardon, and a pardon without end is a rule that nobody wrote down.
    """
    return ()


class Waivers:
    """The waivers of a corpus, and which of them forgave something.

    Attributes:
        today: ISO 8601 date; a waiver holds up to and on its last day.
    """

    def __init__(self, waivers: Iterable[Waiver], today: str) -> None:
        self.today = today
        self._holding: list[Waiver] = []
        self._ended: list[Waiver] = []
        self._used: set[Waiver] = set()
        for each in waivers:
            (self._holding if each.until >= today else self._ended).append(each)

    def unforgiven(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings that no waiver forgives."""
        return [each for each in findings if not self._forgive(each)]

    def _forgive(self, finding: Finding) -> bool:
        those = [each for each in self._holding if each.forgives(finding)]
        self._used.update(those)
        return bool(those)

    def stale(self) -> Iterator[Finding]:
        """Yield a finding for each waiver that is not needed; only who checked everything can tell."""
        for each in self._ended:
            yield _finding(each, f"the waiver of {each.check} ended on {each.until}: mend what it forgave, or renew it")
        for each in self._holding:
            if each.check not in CHECKS:
                yield _finding(each, f"the waiver names the check '{each.check}', which there is not: spell it right")
            elif each not in self._used:
                yield _finding(each, f"the waiver of {each.check} forgives nothing: remove it")


def _finding(waiver: Waiver, message: str) -> Finding:
    return Finding(
        check="waiver-needed",
        severity=Severity.ERROR,
        article=waiver.article,
        annotator="",
        message=message,
        span=waiver.span,
    )
