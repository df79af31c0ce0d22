"""Other clients of the Responses API, each in an environment of its own; ``README.md`` has the protocol."""

from benchmarks.peers.catalogue import PEERS, Peer, find_peer
from benchmarks.peers.environments import Environment, PeerUnavailable, install
from benchmarks.peers.process import Driver, DriverDied, DriverHangs, PeerAnswer, Turn

__all__ = [
    "PEERS",
    "Driver",
    "DriverDied",
    "DriverHangs",
    "Environment",
    "Peer",
    "PeerAnswer",
    "PeerUnavailable",
    "Turn",
    "find_peer",
    "install",
]
