"""Annotations -> gold: the one writer of ``annotations/gold/``."""
