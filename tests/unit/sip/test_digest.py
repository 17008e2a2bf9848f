from ata.base.errors import PeerError
from ata.sip.account import Account
from ata.sip.digest import Credentials, answer, choose, parse_auth
from ata.sip.message import Message

# RFC 7616 §3.9.1
CHALLENGE = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%s, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
MD5 = CHALLENGE % "MD5"
SHA256 = CHALLENGE % "SHA-256"


URI = "/dir/index.html"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def credentials(challenge, user="Mufasa", password="Circle of Life", method="GET", uri=URI, nc=1):
    return parse_auth(answer(choose([challenge]), method, uri, user, password, b"", CNONCE, nc))[1]


def test_the_vectors_of_rfc_7616():
    assert credentials(MD5)["response"] == "8ca523f5e9506fed4657c9700eebdbec"
    response = credentials(SHA256)["response"]
    assert response == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"


def test_everything_the_server_needs_is_in_the_credentials():
    assert credentials(SHA256) == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": "SHA-256",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": CNONCE,
        "qop": "auth",
        "response": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


def test_the_vector_of_rfc_2617():
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    params = choose([challenge])
    text = answer(params, "GET", "/dir/index.html", "Mufasa", "Circle Of Life", b"", "0a4f113b", 1)
    assert parse_auth(text)[1]["response"] == "6629fae49393a05397450978507c4ef1"
    assert "algorithm" not in text


def test_a_server_without_qop_gets_no_nonce_count():
    # RFC 2069's form as RFC 2617 §3.2.2.1 keeps it; the figure is that RFC's erratum (749) for its example.
    challenge = 'digest nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", realm="testrealm@host.com"'
    text = answer(choose([challenge]), "GET", "/dir/index.html", "Mufasa", "CircleOfLife", b"", "x", 1)
    params = parse_auth(text)[1]
    assert params["response"] == "1949323746fe6a43ef61f9606e7febea"
    for name in ("qop", "nc", "cnonce", "opaque", "algorithm"):
        assert name not in params


def test_session_algorithms_and_body_integrity():
    # Worked out by hand from RFC 7616 §3.4.2 and §3.4.3 with another implementation of MD5 and SHA-256.
    challenge = 'Digest realm="r", nonce="n", qop="auth-int", algorithm=MD5-sess'
    params = parse_auth(answer(choose([challenge]), "INVITE", "sip:b@h", "a", "p", b"v=0\r\n", "c", 2))[1]
    assert params["response"] == "f6371d38488e6d448c2634d71cf10eb4"
    assert (params["qop"], params["nc"]) == ("auth-int", "00000002")
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256-sess'
    params = parse_auth(answer(choose([challenge]), "INVITE", "sip:b@h", "a", "p", b"v=0\r\n", "c", 255))[1]
    assert params["response"] == "f62b8502dd705b34bdea0e761c0481813b558b839df2130fc9f7f521cad2842f"
    assert params["nc"] == "000000ff"


def test_the_response_depends_on_each_part():
    first = credentials(MD5)["response"]
    for other in (
        credentials(MD5, user="Simba"),
        credentials(MD5, password="x"),
        credentials(MD5, method="POST"),
        credentials(MD5, uri="/"),
        credentials(MD5, nc=2),
        credentials(SHA256),
    ):
        assert other["response"] != first


def test_names_with_quotes_and_letters_beyond_ascii():
    challenge = 'Digest realm="a \\"b\\"", nonce="n"'
    text = answer(choose([challenge]), "INVITE", "sip:b@h", 'J\xfc"x', "p\xe4", b"", "c", 1)
    assert 'username="J\xfc\\"x"' in text
    assert 'realm="a \\"b\\""' in text


def test_the_strongest_challenge_that_can_be_answered_is_chosen():
    unknown = CHALLENGE % "SHA-512-256"
    md5 = parse_auth(MD5)[1]
    sha256 = parse_auth(SHA256)[1]
    assert choose([MD5, SHA256]) == sha256
    assert choose([SHA256, MD5]) == sha256
    assert choose([unknown, MD5]) == md5
    other = MD5.replace("example.org", "example.net")
    assert choose([MD5, other]) == md5
    assert choose(['Digest realm="r", nonce="n"']) is not None
    for nothing in (
        [],
        [""],
        [unknown],
        ['Basic realm="r"'],
        ["Digest realm"],
        ['Digest realm="r"'],
        ['Digest nonce="n"'],
    ):
        assert choose(nothing) is None, nothing


class Refusal:
    """A 401 with this challenge."""

    status = 401

    def __init__(self, challenge):
        self.challenge = challenge

    def all(self, name):
        return [self.challenge] if name == "WWW-Authenticate" else []


def test_a_refused_answer_is_given_again_only_if_the_nonce_was_old():
    account = Account("10.0.0.1", 5060, 1, "101", "example.com", password="p")
    cases = ((", stale=TRUE", True), (', stale="true"', True), (", stale=false", False), ("", False))
    for end, again in cases:
        credentials = Credentials(account, lambda n: bytes(n))
        assert credentials.challenged(Refusal(MD5))
        credentials.sign(Message("REGISTER", "sip:example.com"))
        assert credentials.challenged(Refusal(MD5 + end)) == again, end


def test_challenges():
    scheme, params = parse_auth(
        'Digest realm="a, b", nonce="x=\\"y", Algorithm=MD5,qop="auth,auth-int" , stale = TRUE'
    )
    assert scheme == "Digest"
    assert params == {
        "realm": "a, b",
        "nonce": 'x=\\"y',
        "algorithm": "MD5",
        "qop": "auth,auth-int",
        "stale": "TRUE",
    }
    for text in ("", "Digest", "Digest ", "Digest a", "Digest a=", 'Digest a="b', "Digest ,", "Di,gest a=b"):
        try:
            parse_auth(text)
            raise AssertionError(text)
        except PeerError as error:
            assert error.status == 400
