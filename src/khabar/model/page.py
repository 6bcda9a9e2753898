"""How an HTML page of ours begins: it needs nothing else, fetches nothing and runs nothing."""

from html import escape

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def head(title: str, style: str) -> str:
    """Return a page from its beginning to ``<body>``.

    Args:
        title: In plain words.
        style: CSS.
    """
    return "\n".join(
        (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>\n{style}</style>\n</head>',
            "<body>",
        )
    )
