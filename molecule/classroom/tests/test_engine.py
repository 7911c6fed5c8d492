"""The engine, asked over the network as a client on the controller would ask it."""

import http.client
import json
import ssl

import pytest


@pytest.fixture(scope="module")
def address(engine):
    return engine.check_output("ip -4 -brief address show eth0").split()[2].split("/")[0]


def asked(address, folder, with_certificate):
    """What the engine says of itself; its certificate must be for the address."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if with_certificate:
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    connection = http.client.HTTPSConnection(address, 2376, context=context, timeout=30)
    try:
        connection.request("GET", "/info")
        return json.load(connection.getresponse())
    finally:
        connection.close()


def test_it_is_the_engine_for_who_has_a_certificate(address, client_certificates):
    assert asked(address, client_certificates, with_certificate=True)["Name"] == "engine1"


def test_it_asks_for_a_certificate(address, client_certificates):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        asked(address, client_certificates, with_certificate=False)
