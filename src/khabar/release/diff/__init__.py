"""Two releases -> what differs by meaning, the step it makes, and how that is told.

No report repeats a word of an article whose text either release withholds: `khabar.release.diff.records` never holds
one, and the reports take words from there or from texts that both releases publish.
"""

from khabar.release.diff.compare import Count, diff, uncounted
from khabar.release.diff.records import Diff, Step
from khabar.release.diff.shipped import changes

__all__ = ["Count", "Diff", "Step", "changes", "diff", "uncounted"]
