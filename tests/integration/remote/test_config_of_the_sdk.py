"""The same file and the same variables mean the same to the SDK and to us."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter.remote._config import resolve
from tests.integration.support import Sdk

SCRIPT = """
import json
import sys
import flyte.config

config = flyte.config.auto(sys.argv[1])
platform, task = config.platform, config.task
print(json.dumps({
    "endpoint": platform.endpoint,
    "insecure": platform.insecure,
    "insecure_skip_verify": platform.insecure_skip_verify,
    "ca_cert_file_path": platform.ca_cert_file_path or "",
    "auth_type": platform.auth_mode,
    "command": platform.command or [],
    "proxy_command": platform.proxy_command or [],
    "client_id": platform.client_id or "",
    "client_secret": platform.client_credentials_secret or "",
    "scopes": platform.scopes or [],
    "http_proxy_url": platform.http_proxy_url or "",
    "disable_keyring": platform.disable_keyring,
    "console_endpoint": platform.console_endpoint or "",
    "project": task.project or "",
    "domain": task.domain or "",
}))
"""

FILE = """
    admin:
      endpoint: dns:///flyte.example.com
      insecure: {insecure}
      authType: {auth}
      clientId: me
      clientSecretLocation: {secret}
      command: [get-token, "a b"]
      scopes: [all, offline]
      caCertFilePath: /ca.pem
    console:
      endpoint: https://console.example.com
    task:
      project: p
    logger:
      level: 0
"""


@pytest.mark.parametrize(
    ("values", "variables"),
    [
        ({"insecure": "false", "auth": "DeviceFlow", "secret": ""}, {}),
        ({"insecure": "true", "auth": "Pkce", "secret": "SECRET"}, {}),
        (
            {"insecure": "false", "auth": "ExternalCommand", "secret": ""},
            {
                "FLYTE_ADMIN_ENDPOINT": "other.example.com:8443",
                "FLYTE_AUTH_COMMAND": "mint 'a b'",
                "FLYTE_ADMIN_SCOPES": "one, two",
                "FLYTE_TASK_DOMAIN": "d",
            },
        ),
        (
            {"insecure": "false", "auth": "Pkce", "secret": "SECRET"},
            {"FLYTE_ADMIN_CLIENTSECRETENVVAR": "MY_SECRET", "MY_SECRET": "from the environment"},
        ),
    ],
)
def test_the_same_settings(
    sdk: Sdk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, str], variables: dict[str, str]
) -> None:
    (tmp_path / "SECRET").write_text("s3cret\n")
    secret = str(tmp_path / values["secret"]) if values["secret"] else "''"
    path = tmp_path / "mine.yaml"
    path.write_text(textwrap.dedent(FILE).format(**{**values, "secret": secret}))
    done = sdk.run("-c", SCRIPT, str(path), cwd=tmp_path, env=variables)
    assert done.returncode == 0, done.err
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ours: dict[str, Any] = json.loads(json.dumps(vars(resolve({}, config=path))))
    theirs = done.json
    assert {name: ours[name] for name in theirs} == theirs
