"""The Hub, and the one door of huggingface_hub: what a dataset's repository holds, its files, one commit, one tag.

Files are read here by plain HTTP ranges at a commit, not by the client's own download: that one files what arrives
under the digest that was expected, whatever arrived.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from khabar.errors import Busy, Changed, NotFound, Unreachable
from khabar.loading.patience import Interrupted, Patience, patiently
from khabar.loading.web import MOMENTARY, seconds, without

if TYPE_CHECKING:
    from httpx2 import Response
    from huggingface_hub import HfApi

T = TypeVar("T")

KEPT = frozenset({".gitattributes"})
"""Files of a repository that are the Hub's own."""
DATASET = "dataset"


class Blob(NamedTuple):
    """A file of a repository.

    Attributes:
        bytes: Its size.
        sha256: Digest of its bytes, where it is a large file; else empty.
        git: Git's digest of it, where it is not.
    """

    bytes: int
    sha256: str
    git: str


class HubSource:
    """A commit of a dataset's repository.

    Attributes:
        place: OWNER/NAME.
        commit: The commit that is read.
    """

    def __init__(self, repository: str, revision: str, patience: Patience) -> None:
        self.place = repository
        self._patience = patience
        self._hub = Hub(repository, patience)
        self.commit = self._hub.commit_of(revision)

    def read(self, path: str, start: int) -> Generator[bytes]:
        """Yield the bytes of a file from ``start`` on.

        Raises:
            NotFound: there is no such file.
            Interrupted: the Hub did not answer, or broke off.
            Unreachable: it refuses.
        """
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers, get_session

        url = hf_hub_url(self.place, path, repo_type=DATASET, revision=self.commit, endpoint=_endpoint())
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with (
            _troubles(self.place),
            get_session().stream("GET", url, headers=headers, timeout=self._patience.answer) as answer,
        ):
            if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # the file ends before; its size says so
            if answer.status_code == HTTPStatus.NOT_FOUND:
                raise NotFound(f"{self.place}/{path} is missing in commit {self.commit[:8]}: is it a release?")
            if answer.status_code in MOMENTARY:
                raise Interrupted(f"the Hub answers {answer.status_code}", seconds(answer.headers.get("Retry-After")))
            answer.raise_for_status()
            whole = answer.status_code != HTTPStatus.PARTIAL_CONTENT
            yield from without(answer.iter_raw(), start if whole else 0)

    def paths(self) -> frozenset[str]:
        """Return the paths of all files of that commit, but the Hub's own."""
        return frozenset(self._hub.blobs(self.commit)) - KEPT


class Hub:
    """A dataset's repository.

    Attributes:
        repository: OWNER/NAME.
    """

    def __init__(self, repository: str, patience: Patience) -> None:
        self.repository = repository
        self._patience = patience

    def exists(self) -> bool:
        """Tell whether there is such a repository, as far as we may see."""
        return self._asked(lambda api: api.repo_exists(self.repository, repo_type=DATASET))

    def tags(self) -> tuple[str, ...]:
        """Return the names of its tags."""
        refs = self._asked(lambda api: api.list_repo_refs(self.repository, repo_type=DATASET))
        return tuple(sorted(tag.name for tag in refs.tags))

    def commit_of(self, revision: str) -> str:
        """Return the commit of a tag or branch.

        Raises:
            NotFound: there is none of that name, or no such repository.
        """
        from huggingface_hub.errors import RevisionNotFoundError

        def ask(api: "HfApi") -> str | None:
            try:
                return api.dataset_info(self.repository, revision=revision, timeout=self._patience.answer).sha
            except RevisionNotFoundError:
                return None

        if commit := self._asked(ask):
            return commit
        there = ", ".join(self.tags()) or "none"
        raise NotFound(f"{self.repository} has no {revision}, its tags are: {there}: pass a version that is there")

    def blobs(self, commit: str) -> dict[str, Blob]:
        """Return the files of a commit, by path."""
        from huggingface_hub.hf_api import RepoFile

        def ask(api: "HfApi") -> dict[str, Blob]:
            tree = api.list_repo_tree(self.repository, recursive=True, revision=commit, repo_type=DATASET)
            files = (each for each in tree if isinstance(each, RepoFile))
            return {each.path: Blob(each.size, each.lfs.sha256 if each.lfs else "", each.blob_id) for each in files}

        return self._asked(ask)

    def create(self, *, private: bool) -> None:
        """Make the repository; one that is there stays as it is."""
        with _once(self.repository, {}):
            _api().create_repo(self.repository, repo_type=DATASET, private=private or None, exist_ok=True)

    def send(self, files: dict[str, Path], gone: list[str], message: str, parent: str) -> str:
        """Add files and delete others in one commit on ``main``, and return it.

        Raises:
            Busy: ``main`` is not at ``parent`` any more; nothing was changed.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        added = [CommitOperationAdd(path_in_repo=path, path_or_fileobj=file) for path, file in files.items()]
        deleted = [CommitOperationDelete(path_in_repo=path, is_folder=False) for path in gone]
        moved = Busy(
            f"{self.repository}: main moved on while this was sent, nothing was changed: look, and run it again"
        )
        with _quiet(), _once(self.repository, {HTTPStatus.PRECONDITION_FAILED: moved, HTTPStatus.CONFLICT: moved}):
            made = _api().create_commit(
                self.repository,
                [*added, *deleted],
                commit_message=message,
                repo_type=DATASET,
                parent_commit=parent,
            )
        return str(made.oid)

    def tag(self, name: str, commit: str) -> None:
        """Name a commit, once and for ever.

        Raises:
            Changed: the name is taken.
        """
        taken = Changed(f"{self.repository} has {name} already, a tag never moves: raise the version")
        with _once(self.repository, {HTTPStatus.CONFLICT: taken}):
            _api().create_tag(self.repository, tag=name, revision=commit, repo_type=DATASET)

    def _asked(self, question: "Callable[[HfApi], T]") -> T:
        def ask() -> T:
            with _troubles(self.repository):
                return question(_api())

        return patiently(ask, self.repository, self._patience)


def _endpoint() -> str | None:
    """Return the address that the environment names now; the client remembers that of its import."""
    return os.environ.get("HF_ENDPOINT") or None


def _api() -> "HfApi":
    from huggingface_hub import HfApi

    return HfApi(endpoint=_endpoint(), library_name="khabar")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the client from drawing bars and telling of each attempt; how it ends is what we tell."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars, logging

    shown, level = not are_progress_bars_disabled(), logging.get_verbosity()
    disable_progress_bars()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            enable_progress_bars()


@contextmanager
def _once(place: str, known: dict[HTTPStatus, Exception]) -> Iterator[None]:
    """Do what must not be repeated blindly: whether it was done is seen when the command is run again."""
    try:
        with _troubles(place, known):
            yield
    except Interrupted as interrupted:
        raise Unreachable(f"{place}: {interrupted}: run the same command again to go on") from None


@contextmanager
def _troubles(place: str, known: dict[HTTPStatus, Exception] | None = None) -> Iterator[None]:
    """Turn the client's errors into lines; those that a status is known to mean come first."""
    import httpx2

    try:
        yield
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise _meant(place, error, known or {}) from None
    except RuntimeError as error:  # how the client wraps what its upload threads meet
        raise _meant(place, error.__cause__ or error, known or {}) from None


def _meant(place: str, error: BaseException, known: dict[HTTPStatus, Exception]) -> Exception:
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled, RepositoryNotFoundError

    line = str(error).split("\n", maxsplit=1)[0] or type(error).__name__
    if isinstance(error, httpx2.TransportError):
        return Interrupted(line)
    if isinstance(error, OfflineModeIsEnabled):
        return Unreachable(f"{place}: the Hub is switched off by HF_HUB_OFFLINE: unset it")
    if isinstance(error, RepositoryNotFoundError):
        return NotFound(f"{place}: the Hub shows no such dataset: is it spelt so, and may you see it (HF_TOKEN)?")
    answer = getattr(error, "response", None)
    if answer is None:
        return Unreachable(f"{place}: {line}: mend that, and run the same command again")
    return _answered(place, answer, known)


def _answered(place: str, answer: "Response", known: dict[HTTPStatus, Exception]) -> Exception:
    if answer.status_code in known:
        return known[HTTPStatus(answer.status_code)]
    if answer.status_code in MOMENTARY:
        return Interrupted(f"the Hub answers {answer.status_code}", seconds(answer.headers.get("Retry-After")))
    refused = answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    todo = "log in, or set HF_TOKEN to a token that may do it" if refused else "look there, or try again later"
    return Unreachable(f"{place}: the Hub answers {answer.status_code}: {todo}")
