from ata import region
from ata.base.errors import ConfigError
from ata.config import schema
from ata.dsp.tone_script import compile_tone
from ata.line.machine import Line
from ata.line.ringer import Ringer

CODES = region.REGIONS.split("|")
TONES = ("dial", "ringback", "busy", "congestion", "stutter", "call_waiting", "howler", "confirm")
KEYS = ("name", "law", "tones", "ring", "ring_hz", "impedance", "caller_id", "hook")
CALLER_ID = ("bellcore", "etsi", "sin227", "etsi_dtas", "etsi_lr", "etsi_rp", "dtmf", "dtmf_lr", "")
WINDOWS = ("debounce", "flash_min", "flash_max", "pulse_break_min", "pulse_break_max", "interdigit")
# What the issue of the voice kernels asks for, and the harmonised European one.
WANTED = (
    "us ca mx br ar cl co pe ve ec cr uk ie de at ch fr be nl lu es pt it gr dk se no fi is pl cz sk hu ro "
    "bg hr si rs ee lv lt ru ua tr il za eg ng ke sa ae in pk lk cn hk tw jp kr sg my th vn id ph au nz eu"
)


def sections(text):
    """[([(Hz, modulation Hz or 0, dBm0), …], seconds on, seconds off), …] of a script."""
    found = []
    for section in text.split("|"):
        tones, times = section.split(";")
        on, off = times.split("/")
        sines = []
        for tone in tones.split("+"):
            frequency, _, level = tone.partition("@")
            frequency, _, modulation = frequency.partition("*")
            sines.append((float(frequency), float(modulation or 0), float(level or -13)))
        found.append((sines, float(on), float(off)))
    return found


def every_tone():
    for code in CODES:
        for name, text in region.load(code)["tones"].items():
            yield code, name, text


def test_the_wanted_countries_are_there_each_once():
    assert sorted(CODES) == CODES and len(set(CODES)) == len(CODES) >= 68
    assert sorted(WANTED.split()) == CODES
    names = [region.load(code)["name"] for code in CODES]
    assert len(set(names)) == len(names)


def test_the_setting_offers_exactly_these_countries():
    # ata.config cannot import ata.region, so the list stands in both.
    assert (schema.row("region") or [])[3] == region.REGIONS


def test_every_region_has_the_same_shape():
    for code in CODES:
        data = region.load(code)
        assert sorted(data) == sorted(KEYS), code
        assert sorted(data["tones"]) == sorted(TONES), code
        assert sorted(data["hook"]) == sorted(WINDOWS), code
        assert data["law"] in (0, 8)
        assert 0 <= data["impedance"] <= 7
        assert 16 <= data["ring_hz"] <= 60


def test_caller_id_is_of_a_known_kind_and_dtmf_says_its_digits():
    for code in CODES:
        kind, _, digits = region.load(code)["caller_id"].partition(" ")
        assert kind in CALLER_ID, code
        assert (kind[:4] == "dtmf") == (digits in ("AC", "DC", "A#", "D#")), code


def test_every_tone_is_a_script_the_generator_takes():
    for code, name, text in every_tone():
        assert compile_tone(text), (code, name)


def test_no_tone_is_louder_than_the_codec():
    # Full scale is a sine of +3.14 dBm0 (G.711): together the sines of a section stay below it. Full
    # modulation doubles the peak.
    for code, name, text in every_tone():
        for sines, _, _ in sections(text):
            peak = 0
            for _, modulation, level in sines:
                peak += 10 ** ((level - 3.14) / 20) * (2 if modulation else 1)
            assert peak <= 1, (code, name)


def test_call_progress_tones_have_a_level_that_e180_accepts():
    # −15 to −5 dBm0 (E.180), all sines of a section together; North America's own plan goes lower for some.
    for code, name, text in every_tone():
        if name in ("dial", "ringback", "busy", "congestion") and code not in ("us", "ca", "uk"):
            power = 0
            for _, modulation, level in sections(text)[0][0]:
                power += 10 ** (level / 10) * (1.5 if modulation else 1)
            assert 10**-1.5 < power < 10**-0.5, (code, name)


def test_tones_lie_where_a_telephone_hears_them():
    for code, name, text in every_tone():
        for sines, _, _ in sections(text):
            for hz, modulation, _ in sines:
                # The howler may sweep; the beat of a modulated tone is a rough sound, not a second tone.
                assert hz == 0 or 300 <= hz <= (3400 if name == "howler" else 1400), (code, name)
                assert modulation == 0 or 15 <= modulation <= 50, (code, name)


def test_tones_that_must_be_told_apart_differ():
    for code in CODES:
        tones = region.load(code)["tones"]
        for pair in ("dial ringback", "dial busy", "dial congestion", "dial stutter", "ringback busy",
                     "busy call_waiting", "busy howler"):  # fmt: skip
            one, other = pair.split()
            assert tones[one] != tones[other], (code, pair)


def test_ringback_busy_and_congestion_go_on_and_a_confirmation_ends():
    for code in CODES:
        tones = region.load(code)["tones"]
        for name in ("ringback", "busy", "congestion", "call_waiting"):
            for _, on, off in sections(tones[name]):
                assert 0.01 <= on <= 3 and off <= 16, (code, name)
            assert sections(tones[name])[-1][2] > 0, (code, name)
        assert tones["confirm"][-6:] == "|0;0/0", code
        assert sum([on + off for _, on, off in sections(tones["confirm"])]) < 3, code


def test_a_ringing_cadence_is_one_the_ringer_takes():
    for code in CODES:
        cadence = region.load(code)["ring"]
        Ringer().start(cadence, 0)
        assert len(cadence) in (2, 4), code
        for ms in cadence:
            assert 100 <= ms <= 6000, code
        # Phones on the line are silent for longest at the end: that is where caller ID has its place.
        assert cadence[-1] == max(cadence) or code == "eg", code


def test_ringing_follows_the_ringing_tone():
    # Else a caller hears another rhythm than the one that sounds.
    for code in CODES:
        data = region.load(code)
        heard = []
        for _, on, off in sections(data["tones"]["ringback"]):
            heard += [round(on * 1000), round(off * 1000)]
        assert tuple(heard) == data["ring"], code


def test_the_hook_windows_are_in_order_and_a_pulse_fits():
    for code in CODES:
        windows = region.load(code)["hook"]
        assert windows["debounce"] < 25 - 10  # shortest make (12 pulses/s, 70 % break) less the jitter
        # 12 pulses/s with 55 % break, and 8 pulses/s with 70 %, each with 10 ms of jitter
        assert windows["pulse_break_min"] <= 35 and windows["pulse_break_max"] >= 98
        assert windows["pulse_break_min"] < windows["flash_min"] < windows["flash_max"]
        assert windows["pulse_break_max"] < windows["flash_max"]
        # more than a slow pulse's make and jitter, less than the shortest gap between digits
        assert 66 <= windows["interdigit"] <= 240
        # On-hook → BYE within 700 ms: the chip's own 12.5 ms and the polling come on top.
        assert windows["flash_max"] + windows["debounce"] <= 560
        Line(1, windows)


def test_dialling_100_ms_recalls_work_where_they_are_used():
    for code in CODES:
        windows = region.load(code)["hook"]
        short = windows["flash_min"] <= 90 and windows["flash_max"] >= 310
        assert short == (code not in ("us", "ca")), code


def test_figures_that_everybody_knows():
    us, de, fr, uk = [region.load(code) for code in ("us", "de", "fr", "uk")]
    assert us["tones"]["dial"] == "350@-13+440@-13;0/0" and us["ring"] == (2000, 4000) and us["law"] == 0
    assert de["tones"]["busy"] == "425;.48/.48" and de["impedance"] == 6
    assert fr["tones"]["ringback"] == "440;1.5/3.5" and fr["ring_hz"] == 50
    assert uk["ring"] == (400, 200, 400, 2000) and uk["tones"]["busy"] == "400;.375/.375"
    jp, cn, at, hk = [region.load(code) for code in ("jp", "cn", "at", "hk")]
    assert jp["tones"]["ringback"] == "400*16;1/2" and jp["law"] == 0
    assert cn["tones"]["busy"] == "450;.35/.35" and cn["impedance"] == 7
    assert at["tones"]["dial"] == "420;0/0" and at["ring"] == (1000, 5000)
    assert hk["ring"] == (400, 200, 400, 3000)


def test_loading_twice_gives_the_same():
    first = region.load("fi")
    first["hook"]["flash_min"] = 1
    assert region.load("fi")["hook"]["flash_min"] == 70
    # A module whose name is a word of the language is loaded as well.
    for code, name in (("in", "India"), ("is", "Iceland")):
        assert region.load(code)["name"] == name


def test_an_unknown_region_is_named_with_what_there_is():
    for code in ("xx", "", "us|de", "load", "__init__"):
        try:
            region.load(code)
            raise AssertionError("no error for " + code)
        except ConfigError as error:
            assert error.key == "region" and "one of ae, ar, at" in str(error) and "ve, vn, za" in str(error)
