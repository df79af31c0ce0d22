"""The Responses protocol without I/O: bytes in, events and a final result out."""
