"""One model call: transport, streaming, deadlines and recovery."""
