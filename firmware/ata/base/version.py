"""What this firmware calls itself, on the console and in SIP (User-Agent, Server)."""

PRODUCT = "open-ata"
VERSION = "0.1.0"
