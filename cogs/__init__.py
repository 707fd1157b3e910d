"""Hold what people can do, one thin file per area."""
