"""Checks: a batch in, findings out, level by level.  Importing the package registers every check."""

from khabar.checks import corpus, form, scheme, text, waivers
from khabar.checks.engine import CHECKS, Check, run
from khabar.checks.inputs import Judged, judge
from khabar.checks.reports import FORMATS

__all__ = ["CHECKS", "FORMATS", "Check", "Judged", "corpus", "form", "judge", "run", "scheme", "text", "waivers"]
