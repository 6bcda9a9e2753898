"""HTML -> text: a line a block, white space collapsed as a browser does, nothing else touched.  No boilerplate goes.

A page's bytes are UTF-8 if they can be; else what the server or the page declares; else nobody knows, and that is said.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from khabar.errors import BadText, NotFound

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

UNSEEN = frozenset(("head", "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "select"))
"""Elements whose text no reader sees."""
BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "dd", "details"),
        *("dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4"),
        *("h5", "h6", "header", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "option", "p", "pre"),
        *("section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
"""Elements that begin and end a line."""
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_HEAD = 4096
_SPACE = re.compile("[ \t\n\f\r]+")


def decoded(raw: bytes, declared: str = "") -> str:
    """Decode a page: as strict UTF-8, else as the server declares, else as the page itself does.

    Raises:
        BadText: none of them can be.
    """
    inside = _DECLARED.search(raw[:_HEAD])
    told = [each for each in (declared, inside[1].decode("ascii") if inside else "") if each]
    for charset in ("utf-8", *told):
        try:
            return raw.decode(charset)
        except (ValueError, LookupError):  # some codecs of Python take no bytes, no name has a NUL
            continue
    said = f"declares {' and '.join(told)}, which it is not either" if told else "declares no charset"
    raise BadText(f"it is not UTF-8, and {said}: convert it to UTF-8")


def text_of(html: str) -> str:
    """Return the text of a page, its lines joined by a line feed, without empty ones.

    Raises:
        NotFound: selectolax is not installed.
        BadText: it cannot be parsed.
    """
    try:
        from selectolax.lexbor import LexborHTMLParser, SelectolaxError
    except ImportError:
        raise NotFound("selectolax is not installed, it reads pages: pip install 'khabar[pages]'") from None
    try:
        root = LexborHTMLParser(html.encode("utf-8", "replace")).body
    except SelectolaxError as error:
        raise BadText(f"{error}: no HTML that could be read") from None
    parts = list(_parts(root)) if root is not None else []
    lines = (_SPACE.sub(" ", line).strip(" ") for line in "".join(parts).split("\0"))
    return "\n".join(line for line in lines if line)


def _parts(root: "LexborNode") -> Iterator[str]:
    r"""Yield the text of a tree in order, and a ``\0``, which no HTML holds, where a block begins or ends."""
    node: LexborNode | None = root
    while node is not None:
        tag = node.tag or ""
        if node.is_text_node:
            yield node.text_content or ""
        elif tag in BLOCKS:
            yield "\0"
        child = None if tag in UNSEEN or node.is_text_node else node.first_child
        while child is None and node is not None:
            if node.tag in BLOCKS:
                yield "\0"
            if node.mem_id == root.mem_id:
                return
            child, node = node.next, node.parent
        node = child
