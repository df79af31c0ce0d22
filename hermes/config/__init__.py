"""The user's ``config.yaml`` and ``.env``: read, checked, and edited with their comments kept."""
