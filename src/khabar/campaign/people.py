"""Who stands behind a pseudonym: a private file beside the server's secrets, never in git.

Everything that leaves the server passes here first: a user's number or address becomes a pseudonym at the door.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from khabar.campaign.environment import write_secret
from khabar.campaign.plan import PSEUDONYM, Plan
from khabar.errors import BadRecord, Changed, NotFound
from khabar.model.article import Identity

FILE = "people.json"
Who = Callable[[int], tuple[str, Literal["person", "model"]]]
"""Returns the pseudonym and the kind of a user; one without a pseudonym is called ``a`` and its number."""


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user of a server.

    Attributes:
        user: Number on the server.
        email: What they log in with, empty where the account was not made here.
        password: Made at random, likewise.
        token: Their API token, likewise.
    """

    user: int
    email: str = ""
    password: str = ""
    token: str = ""


class People:
    """The users of one server by pseudonym.

    Attributes:
        path: The file, which holds those of other servers too.
    """

    def __init__(self, folder: Path, home: str) -> None:
        self.path = folder / FILE
        self._home = home
        self.known: dict[str, Person] = self._read.get(home, {})

    @property
    def _read(self) -> dict[str, dict[str, Person]]:
        if not self.path.is_file():
            return {}
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, dict[Identity, Person]])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecord(f"{self.path}: {error}: mend it, it says who the annotators are") from None

    def add(self, name: str, person: Person) -> Person:
        """Give a user a pseudonym; return what is known of them, which stays where they have it already.

        Raises:
            BadRecord: it cannot be one.
            Changed: it is somebody else's.
        """
        if _number(name) != person.user:
            self.refuse(name)
        there = self.known.get(name)
        if there is not None and there.user != person.user:
            raise Changed(f"{name} is user {there.user} already, not {person.user}: choose another pseudonym")
        if there is not None:
            return there
        self.known[name] = person
        content = msgspec.json.encode(self._read | {self._home: self.known})
        write_secret(self.path, msgspec.json.format(content, indent=2) + b"\n")
        return person

    def refuse(self, name: str) -> None:
        """Make sure that a name can be a pseudonym.

        Raises:
            BadRecord: it cannot.
        """
        if not PSEUDONYM.fullmatch(name):
            raise BadRecord(f"'{name}' cannot be a pseudonym, it names a folder: use A-Z a-z 0-9 . _ -")
        if _number(name) is not None:
            raise BadRecord(f"'{name}' is how user {name[1:]} is called without a pseudonym: choose another")
        twin = next((each for each in self.known if each != name and each.lower() == name.lower()), "")
        if twin:  # addresses, and folders on some systems, do not tell them apart
            raise BadRecord(f"'{name}' differs from '{twin}' in nothing but capitals: choose another pseudonym")

    def user(self, name: str) -> int:
        """Return the user behind a pseudonym.

        Raises:
            NotFound: nobody has it.
        """
        if name in self.known:
            return self.known[name].user
        number = _number(name)
        if number is None:
            raise NotFound(
                f"nobody on this server is known as '{name}', there are: {self._names}:"
                f" run 'khabar studio user {name}', with --id for a user who is there, or spell it right"
            )
        return number

    @property
    def _names(self) -> str:
        return ", ".join(self.known) or "none yet"

    def strangers(self, plan: Plan) -> str:
        """Tell who in a plan is not known here, on one line; empty where everybody is."""
        names = ", ".join(name for name in plan.annotators if name not in self.known and _number(name) is None)
        return names and (
            f"nobody on this server is known as {names}, there are: {self._names}: say who with 'khabar studio user',"
            " or begin the campaign anew with the names spelt right"
        )

    def refuse_strangers(self, plan: Plan) -> None:
        """Make sure that everybody in a plan is known here, else their work would come under other names.

        Raises:
            NotFound: somebody is not.
        """
        for name in plan.annotators:
            self.user(name)

    def who(self, plan: Plan, project: str) -> Who:
        """Return how the users of a project are called: a user may stand for one annotator in each project.

        Raises:
            BadRecord: a user is two annotators of the project.
        """
        names = {each.user: name for name, each in self.known.items() if self._alone(each.user)}
        names |= {self.known[name].user: name for name in plan.annotators if name in self.known}
        here = [name for name in plan.members(project) if name in self.known]
        for name in here:
            others = [each for each in here if self.known[each].user == self.known[name].user]
            if len(others) > 1:
                raise BadRecord(f"{' and '.join(others)} are one user in project {project}: give each an account")
        names |= {self.known[name].user: name for name in here}

        def called(user: int) -> tuple[str, Literal["person", "model"]]:
            name = names.get(user, f"a{user}")
            return name, plan.annotators[name].kind if name in plan.annotators else "person"

        return called

    def _alone(self, user: int) -> bool:
        return [each.user for each in self.known.values()].count(user) == 1


def _number(name: str) -> int | None:
    """Return the user that is called ``a`` and a number."""
    return int(name[1:]) if name[:1] == "a" and name[1:].isdecimal() and name[1] != "0" else None
