"""Good input made bad, as disks, editors, scripts and people do it: strategies for hypothesis."""

import json

from hypothesis import strategies as st

DEEP = "[" * 2000 + "]" * 2000
NASTY = (
    *(None, True, False, 0, -1, 1, 2**31 - 1, -(2**31), 2**31, 2**63, 2**64, -(2**70), 10**400, 1.5, -0.0),
    *(float("nan"), float("inf"), float("-inf"), "", " ", "x", "\0", "\ud800", "\N{ZERO WIDTH JOINER}", "../../etc"),
    *("sha256:", "0" * 64, "[" * 50, "\n", "a\nb: error: c [d]", [], [[]], {}, {"": {}}, [None], {"start": {}}),
)
JUNK = (b"\xff", b"\0", b"\xed\xa0\x80", b"{", b"]", b'"', b",", b"\\u", b"NaN", b"1e999", b"\n", b"\xef\xbb\xbf")


@st.composite
def mangled(draw, content: bytes) -> bytes:
    """JSON with one to three things wrong: a value, a key, the order, or its bytes."""
    for _ in range(draw(st.integers(1, 3))):
        content = draw(st.sampled_from((_bytes, _bytes, _value, _value, _value, _twice, _swapped)))(draw, content)
    return content


def _bytes(draw, content):
    place = draw(st.integers(0, len(content)))
    other = draw(st.integers(0, min(len(content) - place, 200)))
    junk = draw(st.sampled_from((b"", b"", DEEP.encode(), *JUNK)))
    return draw(
        st.sampled_from(
            (
                content[:place],
                content[:place] + junk + content[place:],
                content[:place] + junk + content[place + other :],
                content[: place + other] + content[place:],
            )
        )
    )


def _places(value, path=()):
    yield path
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _places(inner, (*path, name))


def _read(content):
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _dumped(value):
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _at(value, path):
    for name in path:
        value = value[name]
    return value


def _value(draw, content):
    """Replace a value, take it away, or put it where it is not expected."""
    read = _read(content)
    if not isinstance(read, (dict, list)) or not read:
        return content
    path = draw(st.sampled_from([each for each in _places(read) if each]))
    holder, name = _at(read, path[:-1]), path[-1]
    kind = draw(st.sampled_from(("replace", "replace", "replace", "remove", "again", "nest")))
    if kind == "replace":
        holder[name] = draw(st.sampled_from(NASTY))
    elif kind == "remove":
        del holder[name]
    elif kind == "nest":
        holder[name] = [holder[name]]
    elif isinstance(holder, list):
        holder.append(holder[name])
    else:
        holder[f"{name}s"] = holder[name]
    return _dumped(read)


def _twice(draw, content):
    """Say a key twice."""
    colons = [place for place in range(len(content)) if content[place : place + 2] == b'":']
    if not colons:
        return content
    stop = draw(st.sampled_from(colons)) + 1
    key = content[content.rfind(b'"', 0, stop - 1) : stop]
    begin = stop - len(key)
    return content[:begin] + key + b":" + draw(st.sampled_from((b"0", b'"x"', b"[]", b"null"))) + b"," + content[begin:]


def _swapped(draw, content):
    """Swap where a span begins and where it ends, or make an offset negative."""
    return draw(
        st.sampled_from(
            (
                content.replace(b'"start"', b'"\0"').replace(b'"end"', b'"start"').replace(b'"\0"', b'"end"'),
                content.replace(b'"start":', b'"start":-'),
                content.replace(b'"end":', b'"end":9'),
                content.replace(b'"end":', b'"end":99999999999999999999'),
            )
        )
    )
