"""A stand-in of the Hub on the loopback: what the real huggingface_hub asks of it, and the faults that networks have.

Large objects are uploaded by LFS and served from another path by a redirect, as the Hub does.  Any commit is served as
a plain web server serves files too: ``/<owner>/<name>/<revision>/<path>``.
"""

import re
import threading
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from hubanswers import Answers

if TYPE_CHECKING:
    from hubfiles import Repository


@dataclass
class Fault:
    """Something that goes wrong with requests whose line (``GET /path``) a pattern finds.

    ``kind`` is ``flip`` (a bit), ``truncate`` (half of a file), ``cut`` (the connection, in the middle of an answer),
    ``lost`` (the answer, after the work), ``ignore`` (ranges), ``slow`` or a status.
    """

    kind: str | int
    pattern: str
    times: int = 1_000_000
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


class Hub(ThreadingHTTPServer):
    """The server; use it in a ``with``.  ``log`` holds the line and range of every request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.log: list[tuple[str, str]] = []
        self.before = {}
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Say nothing: clients of these tests break off on purpose."""

    def fail(self, kind, pattern, **more):
        self.faults.append(Fault(kind, pattern, **more))

    def fault(self, line, *kinds):
        """Take the next fault of these kinds for a request, None where there is none."""
        with self.lock:
            for each in self.faults:
                known = each.kind in kinds or (int in kinds and isinstance(each.kind, int))
                if known and each.times and re.search(each.pattern, line):
                    each.times -= 1
                    return each
        return None

    def asked(self, pattern):
        """Return the requests whose line a pattern finds."""
        return [line for line, _ in self.log if re.search(pattern, line)]
