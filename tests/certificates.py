"""An authority of the test's own, and certificates of it that name machines by their addresses."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates; its own is `certificate`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        """Make one, whose files lie in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = folder / f"{name}.pem"
        itself = x509.BasicConstraints(ca=True, path_length=None)
        self._sign(self.certificate, name, self._key.public_key(), itself)

    def certify(self, name: str, *addresses: str) -> tuple[Path, Path]:
        """A certificate for a machine with these addresses, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        path, secret = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        names = [x509.IPAddress(ip_address(address)) for address in addresses]
        self._sign(path, name, key.public_key(), x509.SubjectAlternativeName(names))
        secret.touch(mode=0o600)
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path, secret

    def _sign(
        self, path: Path, name: str, key: ec.EllipticCurvePublicKey, more: x509.ExtensionType
    ) -> None:
        today = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._name)]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=1))
            .add_extension(more, critical=isinstance(more, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )
        path.write_bytes(built.public_bytes(serialization.Encoding.PEM))


def ray_tls(authority: Authority, name: str, *addresses: str) -> dict[str, str]:
    """What a machine of a Ray cluster needs in its environment to talk TLS."""
    certificate, key = authority.certify(name, *addresses)
    return {
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": str(certificate),
        "RAY_TLS_SERVER_KEY": str(key),
        "RAY_TLS_CA_CERT": str(authority.certificate),
    }
