"""What an administrator says when the portal is started."""
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote


def octets(text):
    """A header or cookie as it was sent, which need not be UTF-8."""
    return text.encode(errors='surrogateescape')


@dataclass(frozen=True)
class Config:
    secret: str             # shared with the proxy; the keys are derived from it
    host: str
    port: int
    database: str
    connections: int
    sign_in_url: str
    sign_out_url: str
    time_zone: str
    demo: bool
    outbox: str | None

    def sign(self, purpose, text):
        """A keyed digest of a text, in hexadecimal."""
        return hmac.new(self.secret.encode(), octets(f'{purpose}\n{text}'), hashlib.sha256).hexdigest()

    def signed_in_at(self, path):
        """The address that leads back to a path after signing in."""
        return ('/demo?next={next}' if self.demo else self.sign_in_url).format(next=quote(path, safe=''))
