"""Source -> article: the one writer of ``corpus/``."""
