"""Checks: a batch in, findings out, level by level.  Importing the package registers every check."""

from khabar.checks import corpus, form, scheme
from khabar.checks.engine import CHECKS, Check, run
from khabar.checks.inputs import Judged, judge

__all__ = ["CHECKS", "Check", "Judged", "corpus", "form", "judge", "run", "scheme"]
