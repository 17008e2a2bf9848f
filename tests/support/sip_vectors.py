"""Reads tests/vectors/sip/*.txt, on CPython and on MicroPython.

A file is sections of one message each:

    === name: clause: expected
    the message, a line a line (they end in CRLF)

`expected` is "ok", "400 reason" (an error that can be answered) or "drop 400 reason" (one that is not: a
response, an ACK, or too little of a request). As in RFC 4475, <hex>…</hex> stands for octets. <length> is the
body's real length and <repeat N text> is text N times.
"""

import binascii


def vectors(path):
    """[(name, clause, expected, bytes)]"""
    file = open(path, "rb")
    text = file.read().decode()
    file.close()
    found = []
    for section in text.split("\n=== ")[1:]:
        head, _, body = section.partition("\n")
        name, clause, expected = head.split(": ", 2)
        found.append((name, clause, expected, _message(body + "\n")))
    return found


def _message(text):
    while "<repeat " in text:
        before, _, rest = text.partition("<repeat ")
        inside, _, after = rest.partition(">")
        count, _, repeated = inside.partition(" ")
        text = before + repeated * int(count) + after
    data = b""
    for i, piece in enumerate(text.replace("\n", "\r\n").split("<hex>")):
        if i:
            octets, _, piece = piece.partition("</hex>")
            data += binascii.unhexlify(octets)
        data += piece.encode()
    body = data[data.find(b"\r\n\r\n") + 4 :]
    return data.replace(b"<length>", b"%d" % len(body))
