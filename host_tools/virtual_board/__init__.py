"""A two-port telephone adapter board in software: SLIC chips, wires, phones, a PCM clock and its links."""
