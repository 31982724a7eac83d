"""Web Push on pyca/cryptography: the message sealed for one browser (RFC 8291 over RFC 8188), and the
sender's token that push services ask for (RFC 8292, "VAPID")."""

import base64
import json
import os
import struct
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

CURVE = ec.SECP256R1()
# The order of P-256's base point (SEC 2, 2.4.2); a private key lies between 1 and this.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
RECORD_BYTES = 4096  # what every push service takes
PLAINTEXT_MAX_BYTES = RECORD_BYTES - 86 - 17  # less the header, the padding delimiter and the tag
TOKEN_LASTS_S = 12 * 3600  # RFC 8292 allows 24 hours


@dataclass(frozen=True, slots=True, repr=False)
class Subscription:
    """Where a browser is reached and what it decrypts with; all three come from its PushManager."""

    endpoint: str
    p256dh: str
    auth: str


def check_keys(subscription: Subscription) -> None:
    """Raises ValueError for keys that no browser makes."""
    _public_key(subscription)
    if len(_decoded(subscription.auth)) != 16:
        raise ValueError("the authentication secret has not 16 bytes")


def encrypt(
    plaintext: bytes,
    subscription: Subscription,
    *,
    salt: bytes | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """One aes128gcm record for the browser. Salt and key are new for every message; tests give their own."""
    if len(plaintext) > PLAINTEXT_MAX_BYTES:
        raise ValueError(f"{len(plaintext)} bytes do not fit into a push of {PLAINTEXT_MAX_BYTES}")
    salt, key = salt or os.urandom(16), key or ec.generate_private_key(CURVE)
    theirs, ours = _public_key(subscription), key.public_key()
    info = b"WebPush: info\x00" + _point(theirs) + _point(ours)
    secret = _derive(key.exchange(ec.ECDH(), theirs), _decoded(subscription.auth), info, 32)
    content_key = _derive(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\x00", 12)
    sealed = AESGCM(content_key).encrypt(nonce, plaintext + b"\x02", None)
    return salt + struct.pack("!LB", RECORD_BYTES, len(_point(ours))) + _point(ours) + sealed


def authorization(endpoint: str, now: float) -> str:
    """The header that proves to the push service who sends, for this service alone."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + TOKEN_LASTS_S, "sub": _contact()}
    signed = ".".join(_encoded(json.dumps(each).encode()) for each in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(
        _sender_key(settings.NOTIFY_SECRET_KEY).sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
    )
    signature = _encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={sender_public_key()}"


def sender_public_key() -> str:
    """What browsers subscribe with. It follows from NOTIFY_SECRET_KEY: with another one they subscribe anew."""
    return _encoded(_point(_sender_key(settings.NOTIFY_SECRET_KEY).public_key()))


def is_push_service(endpoint: str) -> bool:
    """Whether anybody who signs in may have the doorbell call this address."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_known = any(host == known or host.endswith(f".{known}") for known in settings.WEB_PUSH_HOSTS)
    return parts.scheme == "https" and port in (None, 443) and parts.username is None and is_known


@cache
def _sender_key(secret: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(_derive(secret.encode(), b"", b"web push", 48), "big")
    return ec.derive_private_key(1 + number % (ORDER - 1), CURVE)


def _contact() -> str:
    """Whom a push service may write to about misuse; some refuse names that only exist at home."""
    return settings.PUBLIC_URL if settings.PUBLIC_URL.startswith("https://") else "mailto:nobody@example.org"


def _public_key(subscription: Subscription) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, _decoded(subscription.p256dh))
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    """Raises ValueError for what is no base64url."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
