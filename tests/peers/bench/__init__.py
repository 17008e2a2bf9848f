"""Real SIP software on loopback: each module starts one Debian program for one test."""
