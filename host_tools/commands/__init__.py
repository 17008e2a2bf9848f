"""What `ata` does with sound files: decode them, make them. One file for each command."""
