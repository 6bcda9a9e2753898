"""How far a transfer is: a bar on a terminal, nothing in a pipe."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from khabar.loading.fetch import Step, Tell


@contextmanager
def progress() -> "Iterator[Tell]":
    """Show on stderr how many bytes of a release are here; the function that it gives is told of each step."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    words = TextColumn("{task.description}", markup=False)
    columns = (words, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(step: "Step") -> None:
            bar.update(task, description=step.what, completed=step.done, total=step.total or None)

        yield tell
