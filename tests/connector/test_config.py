"""Settings: every mistake at once, the environment over the file, a template that says the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import config
from connector.errors import InputError

HERE = Path("/nowhere")


def test_the_template_is_read_back_as_the_defaults() -> None:
    text = config.template("https://data.example.org", public_port=9000, management_port=9001)
    read = config.read(HERE, text, {})
    assert (read.public.port, read.management.port, read.public_url) == (9000, 9001, "https://data.example.org")
    assert read.limits == config.Limits()
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line and line.startswith("# ") else line for line in text.splitlines()
    )
    assert config.read(HERE, uncommented, {}) == read


def test_every_mistake_is_named_at_once() -> None:
    text = 'public_url = "ftp://x"\nfoo = 1\n[public]\nport = "x"\nbar = 2\n[limits]\nbody_bytes = 0\n[nonsense]\na = 1'
    with pytest.raises(InputError) as wrong:
        config.read(HERE, text, {})
    problems = wrong.value.reason.params["problems"]
    for place in ("public_url", "foo", "[public] port", "[public] bar", "[limits] body_bytes", "[nonsense]"):
        assert place in problems


def test_a_mistake_is_told_with_its_place_and_what_could_have_been_meant() -> None:
    text = """# a comment
public_url = "https://a.example"
colour = "red"

[log]
# level = "info"
level = "loud"

[public]
prot = 8180

[publik]
port = 1
"""
    with pytest.raises(InputError) as wrong:
        config.read(HERE, text, {"ALLMENDE_NETWORK__DEADLINE": "soon"})
    problems = wrong.value.reason.params["problems"].splitlines()
    starts = {
        "line 3: colour: no such section or setting",
        "line 7: [log] level: Invalid enum value 'loud'; one of debug, info, warning, error",
        "line 10: [public] prot: no such setting",
        "line 12: [publik]: no such section or setting",
        "ALLMENDE_NETWORK__DEADLINE: [network] deadline: ",
    }
    assert len(problems) == len(starts)
    for start in starts:
        assert any(problem.startswith(start) for problem in problems), (start, problems)
    assert "did you mean port?" in "".join(problems)
    assert "did you mean public?" in "".join(problems)


def test_the_environment_wins() -> None:
    text = 'public_url = "https://a.example"\n[limits]\nbody_bytes = 5\n'
    read = config.read(
        HERE, text, {"ALLMENDE_LIMITS__BODY_BYTES": "7", "ALLMENDE_PUBLIC_URL": "https://b.example/", "OTHER__X": "1"}
    )
    assert (read.limits.body_bytes, read.public_url) == (7, "https://b.example")
    with pytest.raises(InputError, match=r"config\.wrong"):
        config.read(HERE, text, {"ALLMENDE_LIMITS__NOTHING": "7"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        'public_url = "http://data.example.org"',
        'public_url = "https://user@data.example.org"',
        'public_url = "https://data.example.org?x=1"',
        'public_url = "https://a.example"\n[public]\ntls_certificate = "cert.pem"',
        'public_url = "https://a.example"\n[public]\nhost = "0.0.0.0"',
        'public_url = "https://a.example"\n[public]\nport = 8181',
        *(
            f'public_url = "https://a.example"\n[notify]\n{wrong}'
            for wrong in (
                'mail_to = ["a@b.example"]',
                'mail_to = ["a@b.example"]\nmail_from = "c@d.example"',
                'mail_to = ["a b"]\nmail_from = "c@d.example"\nsmtp_host = "x"',
                'mail_to = ["a@b.example"]\nmail_from = "c@d\\n.example"\nsmtp_host = "x"',
                'mail_to = ["a@b.example"]\nmail_from = "c@d.example"\nsmtp_host = "x"\nsmtp_security = "none"',
                'smtp_user = "x"',
                'webhook_url = "https://x.example"',
                'webhook_url = "ftp://x"\nwebhook_secret_file = "/x"',
                'least = "panic"',
            )
        ),
        'public_url = "https://a.example"\n[trust]\nmutual_tls = "wanted"',
        'public_url = "https://a.example"\n[public]\nsocket = "public.sock"',
        'public_url = "https://a.example"\n[public]\nsocket = "/s"\ntls_certificate = "c"\ntls_key = "k"',
        *(
            f'public_url = "https://a.example"\n[network]\n{wrong}'
            for wrong in (
                'proxy = "https://proxy:3128"',
                'proxy = "http://user:secret@proxy:3128"',
                'proxy = "proxy:3128"',
                'proxy = "http://proxy:99999"',
                'proxy = "http://proxy/path"',
                'no_proxy = ["10.0.0.0/8"]',
                "proxy_resolves = true",
                'proxy = "http://proxy"\nno_proxy = ["*.example.org"]',
                'proxy = "http://proxy"\nno_proxy = ["10.0.0.1/8"]',
            )
        ),
    ],
)
def test_what_cannot_be(text: str) -> None:
    with pytest.raises(InputError, match=r"config\.wrong"):
        config.read(HERE, text, {})


def test_no_file_and_no_toml(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.missing"):
        config.load(tmp_path, {})
    (tmp_path / "allmende.toml").write_text("public_url = ")
    with pytest.raises(InputError, match=r"config\.unreadable"):
        config.load(tmp_path, {})


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *((host, True) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "a.localhost")),
        *((host, False) for host in ("a", "0.0.0.0", "10.0.0.1", "127.0.0.1.example.org", "127.evil.example", "")),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert config.is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '\n\n[region]\nname = "R"\n'),
        ('[region]\n# name = ""\nlist_hours = 3\n[log]\n', '[region]\nname = "R"\nlist_hours = 3\n[log]\n'),
        ('[region]\nname = "old"\n', '[region]\nname = "R"\n'),
        ('[region]\n\n[notify]\nname = "x"\n', '[region]\nname = "R"\n\n[notify]\nname = "x"\n'),
        ('[log]\n# name = ""\n', '[log]\n# name = ""\n\n[region]\nname = "R"\n'),
    ],
)
def test_one_setting_is_put_in_and_nothing_else_is_touched(text: str, expected: str) -> None:
    assert config.with_setting(text, "region", "name", "R") == expected


def test_a_value_with_quotes_and_backslashes_comes_back(tmp_path: Path) -> None:
    text = config.template("https://x.example", public_port=1, management_port=2)
    name = 'a "quoted" \\ name \u00fc'
    assert config.read(tmp_path, config.with_setting(text, "region", "name", name), {}).region.name == name
