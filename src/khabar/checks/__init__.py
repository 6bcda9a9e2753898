"""Checks: a batch in, findings out, level by level.  Importing the package registers every check."""

from khabar.checks import corpus, form, marks, regions, scheme, sense, text, tombstones, waivers
from khabar.checks.engine import CHECKS, Check, examine, run
from khabar.checks.inputs import Others, judge, judge_release, of_annotations
from khabar.checks.judged import Judged, Read
from khabar.checks.repair import repair_files
from khabar.checks.reports import FORMATS

__all__ = [
    "CHECKS",
    "FORMATS",
    "Check",
    "Judged",
    "Others",
    "Read",
    "corpus",
    "examine",
    "form",
    "judge",
    "judge_release",
    "marks",
    "of_annotations",
    "regions",
    "repair_files",
    "run",
    "scheme",
    "sense",
    "text",
    "tombstones",
    "waivers",
]
