from ata.base.errors import ConfigError
from ata.config.stored import load_stored


class Store:
    def __init__(self, files):
        self.files = files
        self.writes = 0

    def read(self, name):
        return self.files.get(name)

    def write(self, name, data):
        self.files[name] = data
        self.writes += 1


class Log:
    def __init__(self):
        self.lines = []
        self.source = None  # type: Any

    def warning(self, part, text):
        self.lines.append(text)

    def error(self, part, text):
        self.lines.append(text)


GOOD = b'{"sip": {"port": 5070}}'


def load(files):
    store, log = Store(files), Log()
    settings, source = load_stored(store, log)
    log.source = source
    return settings, store, log


def test_a_valid_file_is_used_and_kept_as_the_last_good_one():
    settings, store, log = load({"config.json": GOOD})
    assert settings.get("sip.port") == 5070
    assert store.files["config.good"] == GOOD and log.lines == [] and log.source == "config.json"


def test_an_unchanged_file_is_not_written_again():
    _settings, store, _log = load({"config.json": GOOD, "config.good": GOOD})
    assert store.writes == 0


def test_a_bad_file_costs_one_clear_line_and_the_last_good_settings_are_used():
    for text, told in (
        (b'{"sip": {"port": 99999}}', "sip.port = 99999"),
        (b'{"sip": {"prot": 5070}}', "sip.prot"),
        (b'{"sip": ', "config.json"),
    ):
        settings, store, log = load({"config.json": text, "config.good": GOOD})
        assert settings.get("sip.port") == 5070 and log.source == "config.good"
        assert len(log.lines) == 2 and told in log.lines[0], log.lines
        assert store.files["config.json"] == text and store.files["config.good"] == GOOD


def test_with_nothing_stored_the_defaults_are_used():
    settings, _store, log = load({})
    assert settings.get("sip.port") == 5060 and len(log.lines) == 1


def test_two_bad_files_lead_to_the_defaults():
    settings, _store, log = load({"config.json": b"[", "config.good": b"{"})
    assert settings.get("sip.port") == 5060 and len(log.lines) == 3


def test_what_only_the_check_can_judge_is_a_bad_file_too():
    def check(settings):
        if settings.get("sip.port") == 5071:
            raise ConfigError("sip.port", 5071, "not that one")

    store, log = Store({"config.json": b'{"sip": {"port": 5071}}', "config.good": GOOD}), Log()
    settings, source = load_stored(store, log, check)
    assert settings.get("sip.port") == 5070 and source == "config.good"
    assert "sip.port = 5071: not that one" in log.lines[0]


def test_a_store_that_cannot_be_written_costs_a_line_and_not_the_start():
    class Full(Store):
        def write(self, name, data):
            raise OSError(28)

    store, log = Full({"config.json": GOOD}), Log()
    settings, _source = load_stored(store, log)
    assert settings.get("sip.port") == 5070 and len(log.lines) == 1
