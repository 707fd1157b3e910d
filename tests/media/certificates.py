"""Make a certificate authority and servers' certificates with the openssl command line."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.environment import lack

_CONFIG = """
[ca]
default_ca = it
[it]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


@dataclass(frozen=True, slots=True)
class Authority:
    """Issue certificates in a folder."""

    folder: Path

    def client(self) -> ssl.SSLContext:
        """Return a context that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self.folder / "ca.pem"))

    def server(self, *names: str, ends: str = "20991231235959Z", self_signed: bool = False) -> ssl.SSLContext:
        """Return a server's context with a certificate for these names."""
        alt = "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k.pem"]
        subject = ["-subj", f"/CN={names[0]}", "-addext", alt]
        if self_signed:
            self._run(*new, *subject, "-x509", "-out", "c.pem")
        else:
            self._run(*new, *subject, "-out", "r.pem")
            times = ["-startdate", "20000101000000Z", "-enddate", ends]
            signer = ["-cert", "ca.pem", "-keyfile", "ca.key"]
            self._run("ca", "-batch", "-config", "ca.cnf", "-in", "r.pem", "-out", "c.pem", "-notext", *times, *signer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "c.pem", self.folder / "k.pem")
        return context

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=30)


def open_authority(folder: Path) -> Authority:
    """Make an authority in an empty folder."""
    if shutil.which("openssl") is None:
        lack("no openssl on this machine")
    (folder / "ca.cnf").write_text(_CONFIG)
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    authority = Authority(folder)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem"]
    authority._run("req", "-x509", *key, "-days", "36500", "-subj", "/CN=test authority")
    return authority
