"""Start settings: the file the user edits, else the last good one, else the defaults.

    config.json   what the user (or provisioning) writes
    config.good   the text of the last config.json that was accepted

A bad config.json costs one clear line and changes nothing: the last good settings are used.
"""

from ata.base.errors import ConfigError
from ata.config import snapshot

_EDITED = "config.json"
_GOOD = "config.good"


def load_stored(store, log, check=None):
    """(Snapshot to start with, name of the file it is from or "" for the defaults), from `store`
    (ata.hal.contract.Store). `check(settings)`, if given, raises ConfigError for what the schema alone cannot
    judge."""
    text = store.read(_EDITED)
    if text is not None:
        try:
            settings = _load(text, check)
        except ConfigError as error:
            log.error("config", "%s: %s" % (_EDITED, error))
        else:
            _keep(store, text, log)
            return settings, _EDITED
    good = store.read(_GOOD)
    if good is not None:
        try:
            settings = _load(good, check)
            log.warning("config", "using the last good settings (%s)" % _GOOD)
            return settings, _GOOD
        except ConfigError as error:
            log.error("config", "%s: %s" % (_GOOD, error))
    log.warning("config", "using the default settings")
    return snapshot.load(b"{}"), ""


def _load(text, check):
    settings = snapshot.load(text)
    if check is not None:
        check(settings)
    return settings


def _keep(store, text, log):
    if store.read(_GOOD) != text:
        try:
            store.write(_GOOD, text)
        except OSError as error:
            log.error("config", "the settings are good but cannot be kept as such: %r" % error)
