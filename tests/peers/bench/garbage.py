"""Datagrams that a hostile or broken peer might send."""

import random


def broken_sip(noise: random.Random) -> list[bytes]:
    """Datagrams that are no SIP message, or a broken one; none of them may be answered by ringing."""
    head = b"INVITE sip:101@127.0.0.1 SIP/2.0\r\n"
    good = (
        head + b"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:x@127.0.0.1>;tag=1\r\n"
        b"To: <sip:101@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
    )
    return [
        noise.randbytes(300),
        b"\0" * 50,
        b"\r\n\r\n",
        b"x",
        head,
        head + b"\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"SIP/2.0 999999999999999999 OK\r\n\r\n",
        good.replace(b"CSeq: 1 INVITE", b"CSeq: 99999999999 BYE") + b"\r\n",
        good + b"Content-Length: -5\r\n\r\n",
        good + b"Content-Length: 5000\r\n\r\nv=0",
        good.replace(b"Via: SIP/2.0/UDP", b"Via: ;;;") + b"\r\n",
        good.replace(b"<sip:101@", b"<sip:101@[") + b"\r\n",
        good.replace(b"\r\n", b"\n", 3) + b": :\r\n\r\n",
        head + b"X: y\r\n" * 400 + b"\r\n",
        good[: noise.randrange(len(good))],
        good + noise.randbytes(200),
    ]


def broken_rtp(noise: random.Random) -> list[bytes]:
    """Datagrams that are no RTP of this call."""
    header = bytes([0x80, 0, 0, 1, 0, 0, 0, 160]) + noise.randbytes(4)
    return [
        b"",
        b"\x80",
        noise.randbytes(11),
        bytes(172),
        b"\x40" + noise.randbytes(171),
        header[:1] + b"\x7f" + header[2:],
        b"\x8f" + header[1:],
        b"\x90" + header[1:] + b"\xff\xff\xff\xff",
        b"\xa0" + header[1:] + b"\xff" * 160,
        b"\x80\xc8" + noise.randbytes(50),
        header[:1] + b"\x60" + header[2:] + b"\xff",
        noise.randbytes(1400),
    ]
