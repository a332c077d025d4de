from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flyte_jupyter.remote import FlyteError, InvalidArgumentError, NotConnectedError
from flyte_jupyter.remote._config import _KEYS, resolve
from flyte_jupyter.remote._settings import Settings, auth_type

HOST = "flyte.example.com"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a folder without any configuration, and an environment without any variable of Flyte."""
    for name in os.environ:
        if name.startswith(("FLYTE_", "_U_", "UCTL", "FLYTECTL")) or "EAGER_API_KEY" in name:
            monkeypatch.delenv(name)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def file(content: Any, name: str = "config.yaml") -> Path:
    path = Path(name).absolute()
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def api_key(endpoint: str = HOST, org: str = "acme") -> str:
    return base64.b64encode(f"{endpoint}:key-client:key-secret:{org}".encode()).decode()


def test_nothing_anywhere_explains() -> None:
    with pytest.raises(NotConnectedError, match="none was given") as caught:
        resolve({})
    assert "FLYTE_ADMIN_ENDPOINT" in caught.value.hint


def test_an_endpoint_alone() -> None:
    assert resolve({"endpoint": "localhost:30080", "org": None}) == Settings("localhost:30080")


def test_argument_before_environment_before_file_before_default(monkeypatch: pytest.MonkeyPatch) -> None:
    file({"admin": {"endpoint": "file.example.com", "clientId": "file"}, "task": {"project": "file", "domain": "file"}})
    monkeypatch.setenv("FLYTE_ADMIN_ENDPOINT", "env.example.com")
    monkeypatch.setenv("FLYTE_TASK_PROJECT", "env")
    settings = resolve({})
    assert (settings.endpoint, settings.client_id) == ("env.example.com", "file")
    assert (settings.project, settings.domain, settings.auth_type) == ("env", "file", "Pkce")
    settings = resolve({"project": "argument", "client_id": "argument"})
    assert (settings.project, settings.client_id, settings.domain) == ("argument", "argument", "file")


def test_the_environment_needs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYTE_ADMIN_ENDPOINT", HOST)
    assert resolve({}).endpoint == HOST


def test_every_key_of_a_file() -> None:
    file("""
        admin:
          endpoint: dns:///flyte.example.com
          insecure: false
          insecureSkipVerify: true
          caCertFilePath: ca.pem
          authType: DeviceFlow
          command: [get-token, --audience, "a b"]
          proxyCommand: get-proxy-token 'a b'
          clientId: me
          scopes: [all, offline]
          audience: api
          httpProxyURL: http://proxy.example.com:3128
          disableKeyring: true
          maxRetries: 7
        console:
          endpoint: https://console.example.com
        task: {org: acme, project: p, domain: d}
        logger: {show-source: true, level: 0}
        storage: {type: s3}
    """)
    assert resolve({}) == Settings(
        endpoint="dns:///flyte.example.com",
        insecure=False,
        insecure_skip_verify=True,
        ca_cert_file_path="ca.pem",
        auth_type="DeviceFlow",
        command=("get-token", "--audience", "a b"),
        proxy_command=("get-proxy-token", "a b"),
        client_id="me",
        scopes=("all", "offline"),
        audience="api",
        http_proxy_url="http://proxy.example.com:3128",
        disable_keyring=True,
        console_endpoint="https://console.example.com",
        org="acme",
        project="p",
        domain="d",
    )


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("FLYTE_ADMIN_INSECURE", "false", "insecure", False),
        ("FLYTE_ADMIN_INSECURE", "True", "insecure", True),
        ("FLYTE_ADMIN_INSECURE", "0", "insecure", False),
        ("FLYTE_ADMIN_INSECURESKIPVERIFY", "yes", "insecure_skip_verify", True),
        ("FLYTE_ADMIN_CACERTFILEPATH", "/ca.pem", "ca_cert_file_path", "/ca.pem"),
        ("FLYTE_ADMIN_AUTHTYPE", "device-flow", "auth_type", "DeviceFlow"),
        ("FLYTE_AUTH_TYPE", "passthrough", "auth_type", "Passthrough"),
        ("FLYTE_AUTH_COMMAND", '["token", "a b"]', "command", ("token", "a b")),
        ("FLYTE_ADMIN_COMMAND", "token --for 'a b'", "command", ("token", "--for", "a b")),
        ("FLYTE_AUTH_PROXY_COMMAND", "token", "proxy_command", ("token",)),
        ("FLYTE_ADMIN_SCOPES", "all, offline", "scopes", ("all", "offline")),
        ("FLYTE_ADMIN_SCOPES", '["all", "off line"]', "scopes", ("all", "off line")),
        ("FLYTE_ADMIN_HTTPPROXYURL", "http://p:1", "http_proxy_url", "http://p:1"),
        ("FLYTE_ADMIN_DISABLEKEYRING", "on", "disable_keyring", True),
        ("FLYTE_CONSOLE_ENDPOINT", "https://c", "console_endpoint", "https://c"),
        ("FLYTE_TASK_ORG", "o", "org", "o"),
        ("FLYTE_TASK_DOMAIN", "", "domain", ""),
    ],
)
def test_variables(monkeypatch: pytest.MonkeyPatch, variable: str, text: str, field: str, value: object) -> None:
    monkeypatch.setenv("FLYTE_ADMIN_ENDPOINT", "localhost:1")
    monkeypatch.setenv(variable, text)
    assert getattr(resolve({}), field) == value


def test_the_better_name_of_a_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYTE_AUTH_TYPE", "Passthrough")
    monkeypatch.setenv("FLYTE_ADMIN_AUTHTYPE", "Pkce")
    assert resolve({"endpoint": HOST}).auth_type == "Passthrough"


def test_another_backend_s_settings_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    file("admin: {endpoint: other.example.com, insecure: true, clientId: theirs}\ntask: {project: theirs}")
    monkeypatch.setenv("FLYTE_ADMIN_AUTHTYPE", "DeviceFlow")
    settings = resolve({"endpoint": HOST})
    assert (settings.insecure, settings.client_id, settings.project) == (None, "", "")
    assert settings.auth_type == "DeviceFlow", "the environment names no backend"


@pytest.mark.parametrize("text", ["flyte.example.com", "https://flyte.example.com/", "dns:///flyte.example.com:443"])
def test_the_same_backend_s_settings_count_however_it_is_spelled(text: str) -> None:
    file({"admin": {"endpoint": text, "clientId": "me"}})
    assert resolve({"endpoint": "flyte.example.com:443"}).client_id == "me"


def test_a_file_that_was_named_counts_for_any_endpoint() -> None:
    path = file({"admin": {"endpoint": "other.example.com", "clientId": "me"}}, "mine.yaml")
    settings = resolve({"endpoint": HOST}, config=path)
    assert (settings.endpoint, settings.client_id) == (HOST, "me")
    assert resolve({}, config=path).endpoint == "other.example.com"


def test_a_client_secret_from_a_file(nowhere: Path) -> None:
    (nowhere / "secret").write_text("s3cret\n")
    file({"admin": {"endpoint": HOST, "clientSecretLocation": str(nowhere / "secret"), "authType": "Pkce"}})
    settings = resolve({})
    assert (settings.client_secret, settings.auth_type) == ("s3cret", "ClientSecret")
    assert "s3cret" not in repr(settings)
    assert resolve({"auth_type": "Pkce"}).client_secret == ""


def test_a_client_secret_from_a_variable_wins(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nowhere / "secret").write_text("from the file")
    file({"admin": {"endpoint": HOST, "clientSecretLocation": "secret", "clientSecretEnvVar": "MY_SECRET"}})
    monkeypatch.setenv("MY_SECRET", "s3cret")
    assert resolve({}).client_secret == "s3cret"


def test_a_client_secret_that_is_not_there() -> None:
    file({"admin": {"endpoint": HOST, "clientSecretEnvVar": "MY_SECRET"}})
    with pytest.raises(InvalidArgumentError, match="MY_SECRET holds no client secret"):
        resolve({})
    assert resolve({"client_secret": "given"}).client_secret == "given"
    file({"admin": {"endpoint": HOST, "clientSecretLocation": "/nowhere/secret"}})
    with pytest.raises(InvalidArgumentError, match="'/nowhere/secret': No such file"):
        resolve({})


def test_arguments_imply_how_to_log_in() -> None:
    assert resolve({"endpoint": HOST, "client_secret": "s"}).auth_type == "ClientSecret"
    settings = resolve({"endpoint": HOST, "command": ["token"]})
    assert (settings.auth_type, settings.command) == ("ExternalCommand", ("token",))
    assert resolve({"endpoint": HOST, "command": "token 'a b'"}).command == ("token", "a b")


def test_an_api_key() -> None:
    settings = resolve({"project": "p"}, api_key=api_key("dns:///flyte.example.com:8443"))
    assert settings.endpoint == "dns:///flyte.example.com:8443"
    assert (settings.client_id, settings.client_secret) == ("key-client", "key-secret")
    assert (settings.auth_type, settings.org, settings.project) == ("ClientSecret", "acme", "p")


def test_an_api_key_goes_before_environment_and_file(monkeypatch: pytest.MonkeyPatch) -> None:
    file({"admin": {"endpoint": HOST, "authType": "Pkce", "clientId": "file"}, "task": {"project": "p", "org": "file"}})
    monkeypatch.setenv("FLYTE_API_KEY", api_key())
    settings = resolve({})
    assert (settings.client_id, settings.auth_type, settings.project) == ("key-client", "ClientSecret", "p")
    assert settings.org == "file", "a configured organization goes before the key's"
    assert resolve({"endpoint": "localhost:1"}).client_secret == "", "the key is not for that endpoint"


def test_the_organization_is_guessed_from_names_only() -> None:
    def org(endpoint: str) -> str:
        return resolve({"endpoint": endpoint}).org

    assert org("demo.hosted.example.com") == "demo"
    assert org("https://a.b.c/path") == "a"
    assert [org(text) for text in ("localhost:8090", "example.com", "10.0.0.1:30080", "[::1]:1")] == [""] * 4


def test_in_a_task_s_container(monkeypatch: pytest.MonkeyPatch) -> None:
    file({"admin": {"endpoint": "came-with-the-code.example.com"}})
    monkeypatch.setenv("FLYTE_INTERNAL_EXECUTION_PROJECT", "p")
    monkeypatch.setenv("FLYTE_INTERNAL_EXECUTION_DOMAIN", "d")
    monkeypatch.setenv("_U_ORG_NAME", "o")
    settings = resolve({})
    assert (settings.endpoint, settings.insecure) == ("host.docker.internal:8090", True)
    assert (settings.org, settings.project, settings.domain) == ("o", "p", "d")
    assert settings.disable_keyring
    monkeypatch.setenv("_U_EP_OVERRIDE", HOST)
    monkeypatch.setenv("_U_INSECURE_SKIP_VERIFY", "true")
    settings = resolve({})
    assert (settings.endpoint, settings.insecure, settings.insecure_skip_verify) == (HOST, None, True)
    monkeypatch.setenv("EAGER_API_KEY", api_key("key.example.com"))
    settings = resolve({})
    assert (settings.endpoint, settings.auth_type) == ("key.example.com", "ClientSecret")
    monkeypatch.setenv("FLYTE_AUTH_TYPE", "ExternalCommand")
    monkeypatch.setenv("FLYTE_AUTH_COMMAND", "mint-token")
    settings = resolve({})
    assert (settings.endpoint, settings.auth_type, settings.command) == (HOST, "ExternalCommand", ("mint-token",))
    monkeypatch.setenv("UCTL_CONFIG", str(file({"admin": {"endpoint": "mounted.example.com"}}, "mounted.yaml")))
    assert resolve({}).endpoint == "mounted.example.com"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("admin: {endpoint: [a]}", "admin.endpoint in 'config.yaml' has to be a text, not list"),
        ("admin: {endpoint: h, insecure: perhaps}", "admin.insecure in .* has to be true or false, not 'perhaps'"),
        ("admin: {endpoint: h, command: 'a \"b'}", "admin.command in .* is not a command: No closing quotation"),
        ("admin: {endpoint: h, command: [[a]]}", "has to be a text, not list"),
        ("admin: {endpoint: h, authType: magic}", "'magic' is no auth type"),
        ("admin: endpoint", "admin in 'config.yaml' has to be a section"),
    ],
)
def test_mistakes_are_one_sentence(text: str, sentence: str) -> None:
    file(text)
    with pytest.raises(InvalidArgumentError, match=sentence) as caught:
        resolve({})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("pkce", "Pkce"),
        ("headless", "DeviceFlow"),
        ("device_flow", "DeviceFlow"),
        ("client-secret", "ClientSecret"),
        ("app_credential", "ClientSecret"),
        ("external-command", "ExternalCommand"),
        ("custom", "ExternalCommand"),
        ("Passthrough", "Passthrough"),
    ],
)
def test_spellings_of_auth_types(text: str, kind: str) -> None:
    assert auth_type(text) == kind


def attempt(path: Path) -> Settings | FlyteError:
    try:
        return resolve({"endpoint": HOST}, config=path)
    except FlyteError as error:
        return error


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
sections = st.sampled_from([key.switch.split(".")[0] for key in _KEYS])
names = st.sampled_from([key.switch.split(".")[1] for key in _KEYS])
trees = st.dictionaries(sections | st.text(), st.dictionaries(names | st.text(), values) | values)


@given(trees)
def test_any_tree_is_settings_or_a_plain_error(tree: dict[str, Any]) -> None:
    path = Path("any.yaml").absolute()
    path.write_text(yaml.safe_dump(tree), encoding="utf-8", errors="surrogatepass")
    outcome = attempt(path)
    if isinstance(outcome, Settings):
        assert outcome.endpoint == HOST


@given(st.text(st.characters(exclude_categories=("Cs",))) | st.text("admin:tsk {}[]&*!|>-#\n\"'\t,?%@"))
def test_any_text_is_a_file_or_a_plain_error(text: str) -> None:
    path = Path("any.yaml").absolute()
    path.write_text(text, encoding="utf-8")
    outcome = attempt(path)
    assert isinstance(outcome, Settings) or "any.yaml" in str(outcome)


argv = st.lists(st.text(st.characters(exclude_categories=("Cs",))).map(str.strip), max_size=4)


@given(argv, argv)
def test_commands_and_scopes_make_the_round_trip(command: list[str], scopes: list[str]) -> None:
    path = file({"admin": {"endpoint": HOST, "command": command, "scopes": scopes}}, "any.yaml")
    settings = resolve({}, config=path)
    assert (settings.command, settings.scopes) == (tuple(command), tuple(scopes))
