"""The adapters that come with Hermes, registered through the same door as everybody else's."""
