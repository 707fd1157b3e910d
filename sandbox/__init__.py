"""A local world on the real wire protocols: Discord and the video services, without an account or a network."""
