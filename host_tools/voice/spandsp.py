"""spandsp (Debian: libspandsp2) through ctypes: the open reference for DTMF, concealment and caller ID."""

import ctypes
import ctypes.util
from functools import lru_cache

import numpy as np

from host_tools.virtual_board.speech import Samples

CLASS, CLIP = 1, 2  # ADSI standards: Bell 202 and V.23
_FRAME = 160


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """None if it is not installed."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        return None
    found = ctypes.CDLL(name)
    for start in ("dtmf_rx_init", "plc_init", "adsi_rx_init"):
        getattr(found, start).restype = ctypes.c_void_p
    found.dtmf_rx_init.argtypes = [ctypes.c_void_p] * 3
    found.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    found.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    found.dtmf_rx_get.restype = ctypes.c_size_t
    found.dtmf_rx_free.argtypes = [ctypes.c_void_p]
    found.plc_init.argtypes = [ctypes.c_void_p]
    found.plc_free.argtypes = [ctypes.c_void_p]
    for step in (found.plc_rx, found.plc_fillin, found.adsi_rx):
        step.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    found.adsi_rx_init.argtypes = [ctypes.c_void_p, ctypes.c_int, _PUT_MESSAGE, ctypes.c_void_p]
    found.adsi_rx_free.argtypes = [ctypes.c_void_p]
    return found


_PUT_MESSAGE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint8), ctypes.c_int)


def _there() -> ctypes.CDLL:
    found = library()
    if found is None:
        raise RuntimeError("libspandsp2 is not installed")
    return found


def digits(pcm: Samples) -> str:
    """What its DTMF receiver hears, set as it comes."""
    lib = _there()
    receiver = lib.dtmf_rx_init(None, None, None)
    text = ctypes.create_string_buffer(129)
    heard = ""
    pcm = np.ascontiguousarray(pcm)
    for start in range(0, len(pcm), 8000):
        part = pcm[start : start + 8000]
        lib.dtmf_rx(receiver, part.ctypes.data, len(part))
        lib.dtmf_rx_get(receiver, text, 128)
        heard += text.value.decode()
    lib.dtmf_rx_free(receiver)
    return heard


def conceal(pcm: Samples, lost: np.ndarray) -> Samples:
    """`lost`: which frames of 20 ms its concealment fills."""
    lib = _there()
    state = lib.plc_init(None)
    out = pcm.copy()
    for frame, gone in enumerate(lost):
        part = out[frame * _FRAME : (frame + 1) * _FRAME]
        (lib.plc_fillin if gone else lib.plc_rx)(state, part.ctypes.data, len(part))
    lib.plc_free(state)
    return out


def caller_id(pcm: Samples, standard: int) -> list[bytes]:
    """The messages that its ADSI receiver finds, their checksums verified and taken off."""
    lib = _there()
    found: list[bytes] = []
    callback = _PUT_MESSAGE(lambda _user, data, length: found.append(bytes(data[:length])))
    receiver = lib.adsi_rx_init(None, standard, callback, None)
    pcm = np.ascontiguousarray(pcm)
    for start in range(0, len(pcm), _FRAME):
        part = pcm[start : start + _FRAME]
        lib.adsi_rx(receiver, part.ctypes.data, len(part))
    lib.adsi_rx_free(receiver)
    return found
