"""Accounts on the embedded server, made through its own shell: its API makes users that cannot log in.

An account is called after its pseudonym, so that the server holds no name and no address of anybody.
"""

import json
import secrets
import subprocess
from collections.abc import Callable

import msgspec

from khabar.campaign.address import EMBEDDED, URL, home
from khabar.campaign.environment import program, settings
from khabar.campaign.people import People, Person
from khabar.campaign.server import Studio
from khabar.errors import Changed, ServerTrouble

DOMAIN = "khabar.invalid"
"""Of the addresses that accounts log in with; none is ever written to."""
PATIENCE = 300
_MARK = "khabar-account "

_SCRIPT = """
import json
from organizations.models import Organization
from rest_framework.authtoken.models import Token
from users.models import User
told = json.loads({told!r})
everybody = Organization.objects.first()
user = User.objects.filter(email=told["email"]).first() or User(email=told["email"], username=told["name"])
user.set_password(told["password"])
user.save()
everybody.add_user(user)
user.active_organization = everybody
user.save()
token, _ = Token.objects.get_or_create(user=user)
print({mark!r} + json.dumps({{"user": user.id, "token": token.key}}))
"""


class _Made(msgspec.Struct):
    user: int
    token: str


def account(studio: Studio, name: str, tell: Callable[[str], None]) -> tuple[Person, bool]:
    """Return the account behind a pseudonym on the embedded server, and whether it was made.

    Raises:
        BadRecord: the name cannot be a pseudonym.
        Changed: the pseudonym is that of a user whose account was not made here.
        ServerTrouble: campaigns talk to another server, or this one was never started, or its shell fails.
    """
    if home() != EMBEDDED:
        raise ServerTrouble(
            f"{URL} names another server, accounts are made on the embedded one alone: make it there, and say"
            f" 'khabar studio user {name} --id' and its number"
        )
    people = People(studio.folder, EMBEDDED)
    there = people.known.get(name)
    if there is not None and there.token:
        return there, False
    if there is not None:
        raise Changed(f"{name} is user {there.user}, whose account was not made here: choose another pseudonym")
    people.refuse(name)
    if not (studio.folder / "data").is_dir():
        raise ServerTrouble("Label Studio was never started, it has no accounts: run 'khabar studio up' first")
    told = {"name": name, "email": f"{name.lower()}@{DOMAIN}", "password": secrets.token_urlsafe(12)}
    studio.install(tell)
    made = _asked(studio, _SCRIPT.format(told=json.dumps(told), mark=_MARK))
    person = Person(user=made.user, email=told["email"], password=told["password"], token=made.token)
    people.add(name, person)
    return person, True


def _asked(studio: Studio, script: str) -> _Made:
    """Run a script in Label Studio's shell; return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own environment's program
        [str(program(studio.environment, "label-studio")), "shell"],
        input=f"exec({script!r})\n",
        env=settings(studio.folder, studio.variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    lines = done.stdout.splitlines()
    made = next((line.partition(_MARK)[2] for line in lines if _MARK in line), "")
    if not made:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["nothing"]
        raise ServerTrouble(f"the account cannot be made: Label Studio's shell says: {said[-1][:200]}")
    return msgspec.json.decode(made, type=_Made)
