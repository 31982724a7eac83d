"""paho's client, set up as every connection of ours is."""

import ssl

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from pipeline.mqtt.address import BrokerAddress

AT_LEAST_ONCE = 1  # the quality of service of everything we send and hear
KEEP_ALIVE_S = 30
CONNECT_WITHIN_S = 10.0
# CONNACK codes of MQTT 3.1.1 that no waiting mends, as paho names them.
HOPELESS = frozenset({"Bad user name or password", "Not authorized", "Client identifier not valid"})
OTHER_HOST = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH


def new_client(address: BrokerAddress, client_id: str, *, connect_within_s: float = CONNECT_WITHIN_S) -> Client:
    """A client of MQTT 3.1.1, which every broker speaks, with a clean session: what was said to us while we were
    away is over. Not connected yet. Raises InvalidMqttSetting."""
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
    )
    client.connect_timeout = connect_within_s
    if address.user:
        client.username_pw_set(address.user, address.password)
    if address.is_tls:
        client.tls_set_context(address.tls_context())
    return client


def why_refused(reason: ReasonCode, address: BrokerAddress) -> str:
    return f"the MQTT broker {address} refused the connection: {str(reason).lower()}"


def why_unreachable(error: BaseException | None, address: BrokerAddress) -> str:
    """What keeps us from the broker, with what to do when it is the certificate."""
    text = f"the MQTT broker {address} cannot be reached: {error}" if error else f"the MQTT broker {address} is away"
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in OTHER_HOST:
            return f"{text}; MQTT_URL names the host by another name than its certificate"
        return f"{text}; MQTT_CA_FILE names the certificate of the authority that signed the broker's"
    return text
