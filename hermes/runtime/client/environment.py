"""What the environment says of proxies and certificates, and what is wrong with it."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.request import getproxies

import httpx2

from hermes.errors import ConfigError
from hermes.runtime.client.endpoint import Endpoint

__all__ = ["usable_environment"]

_SCHEMES: Final = ("http", "https", "all")


@contextlib.contextmanager
def usable_environment(endpoint: Endpoint) -> Iterator[None]:
    """Surrounds the making of a client, which reads the environment.

    Args:
        endpoint: where the client's requests go.

    Raises:
        ConfigError: a setting of the environment cannot be used; it names the variable, and never shows what
            may be the password of a proxy.
    """
    folder = _folder_of_certificates()
    # OpenSSL takes a folder that is not there for one without certificates.
    if endpoint.is_tls and folder and not any(Path(one).is_dir() for one in folder.split(os.pathsep)):
        raise ConfigError(
            f"SSL_CERT_DIR names no directory that exists: {folder}.",
            hint="Set SSL_CERT_DIR to a directory with certificates, or unset it.",
        )
    try:
        yield
    except OSError as error:  # those of ssl, too
        raise _certificates_error(error) from None
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise _proxy_error(error) or _unknown(error) from None


def _folder_of_certificates() -> str:
    """The folder that httpx2 takes certificates from, where it takes them from one."""
    return "" if os.environ.get("SSL_CERT_FILE") else os.environ.get("SSL_CERT_DIR", "")


def _certificates_error(error: OSError) -> ConfigError:
    path = os.environ.get("SSL_CERT_FILE", "")
    if not path:
        return _unknown(error)
    hint = "Set SSL_CERT_FILE to a file with certificates in the format PEM, or unset it."
    if Path(path).is_dir():
        return ConfigError(
            f"SSL_CERT_FILE names a directory: {path}.", hint=f"{hint} SSL_CERT_DIR takes directories."
        )
    if isinstance(error, FileNotFoundError):
        return ConfigError(f"SSL_CERT_FILE names a file that does not exist: {path}.", hint=hint)
    if isinstance(error, ssl.SSLError):
        return ConfigError(
            f"SSL_CERT_FILE names a file without certificates in the format PEM: {path}.", hint=hint
        )
    reason = error.strerror or type(error).__name__
    return ConfigError(f"SSL_CERT_FILE names a file that cannot be read: {path} ({reason}).", hint=hint)


def _proxy_error(error: Exception) -> ConfigError | None:
    """What is wrong with the first proxy that cannot be used."""
    for scheme, address in getproxies().items():
        if scheme not in _SCHEMES or not address:
            continue
        name = _variable(scheme)
        try:
            proxy = httpx2.Proxy(address if "://" in address else f"http://{address}")
        except (ValueError, httpx2.InvalidURL):
            return ConfigError(
                f"{name} holds no address of a proxy.",
                hint="It looks like http://HOST:PORT, with http://, https:// or socks5:// before the host.",
            )
        if proxy.url.scheme.startswith("socks") and isinstance(error, ImportError):
            return ConfigError(
                f"{name} names a SOCKS proxy, for which a package is missing.",
                hint="Install it with `pip install httpx2[socks]`.",
            )
    return None


def _variable(scheme: str) -> str:
    """The variable that names the proxy; without one the settings of the system do."""
    lower = f"{scheme}_proxy"
    names = (lower, lower.upper())
    return next((name for name in names if os.environ.get(name)), f"The system's setting for {lower}")


def _unknown(error: Exception) -> ConfigError:
    # Its words may quote a proxy's password.
    return ConfigError(
        "The settings of the environment for proxies or certificates cannot be used: "
        f"{type(error).__name__}.",
        hint="Look at HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
    )
