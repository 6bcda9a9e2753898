"""Pages of the web as they were kept: the one door of selectolax (html) and of fastwarc (warc), extra ``pages``."""
