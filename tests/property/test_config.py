"""Properties of the settings' loader, searched by hypothesis."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from ata.base.errors import ConfigError
from ata.config import schema, snapshot

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-10, 70000)
    | st.floats()
    | st.text(max_size=10)
    | st.lists(st.sampled_from(["PCMU", "PCMA", 1]), max_size=3)
)
names = st.sampled_from(sorted({part for key in schema.keys() for part in key.split(".")})) | st.text(
    max_size=5
)
trees = st.recursive(leaves, lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=12)


@given(st.text(max_size=200) | st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_any_text_is_settings_or_one_line_of_error(text):
    try:
        snapshot.load(text)
    except ConfigError as error:
        assert str(error) and "\n" not in str(error).replace("\\n", "")


@given(trees)
@settings(max_examples=800, deadline=None)
def test_any_json_is_settings_or_a_config_error(tree):
    try:
        loaded = snapshot.load(json.dumps(tree))
    except ConfigError as error:
        assert str(error)
        return
    for key in schema.keys():
        loaded.get(key)


def number(low: int, high: int, step: int = 1, zero: bool = False) -> st.SearchStrategy[int]:
    numbers = st.integers(0, (high - low) // step).map(lambda n: low + n * step)
    return numbers | st.just(0) if zero else numbers


VALUES = {
    "sip.port": number(0, 65535),
    "sip.t1": number(100, 2000),
    "rtp.port": number(1024, 65000, 2, True),
    "slic.loop_current": number(20, 41, 3),
    "region": st.sampled_from(["us", "de", "fr", "uk", "eu"]),
    "rtp.codecs": st.sampled_from([["PCMU"], ["PCMA"], ["PCMA", "PCMU"]]),
    "port.1.register": st.booleans(),
    "port.1.display": st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=64),
    "port.2.password": st.text(
        st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64
    ),
    "directory": st.dictionaries(
        st.text("0123456789*#", min_size=1, max_size=20), st.just("a@b:5060"), max_size=5
    ),
}


def nested(flat: dict) -> dict:
    tree: dict = {}
    for key, value in flat.items():
        *path, last = key.split(".")
        node = tree
        for name in path:
            node = node.setdefault(name, {})
        node[last] = value
    return tree


valid = st.fixed_dictionaries({}, optional=VALUES)


@given(valid, valid)
@settings(deadline=None)
def test_what_is_allowed_is_given_back_and_the_difference_is_exact(first, second):
    old, new = (snapshot.load(json.dumps(nested(values))) for values in (first, second))
    for values, loaded in ((first, old), (second, new)):
        for key, value in values.items():
            assert loaded.get(key) == (tuple(value) if isinstance(value, list) else value)
    assert snapshot.diff(old, new) == sorted(key for key in schema.keys() if old.get(key) != new.get(key))
    assert snapshot.diff(old, old) == []
    secret = second.get("port.2.password")
    if secret and secret not in "***":
        assert new.public()["port.2.password"] == "***"


@given(st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_the_nearest_key_is_always_a_key(text):
    assert schema.row(schema.nearest(text)) is not None
