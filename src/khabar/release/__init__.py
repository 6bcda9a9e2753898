"""Gold -> ``dist/<version>/``: the one writer of releases."""
