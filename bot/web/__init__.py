"""Answer HTTP: callbacks, files, health, metrics."""
