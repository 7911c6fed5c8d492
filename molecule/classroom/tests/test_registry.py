"""The registry, asked from the engine host. A workspace does not reach it."""

CA = "/etc/docker/certs.d/{name}/ca.crt"


def status(host, registry_name, *options):
    ca = CA.format(name=registry_name)
    words = " ".join(options)
    code = "--silent --output /dev/null --write-out '%{http_code}'"
    return host.check_output(f"curl {code} --cacert {ca} {words} https://{registry_name}/v2/")


def test_without_credentials_it_refuses(engine, registry_name):
    assert status(engine, registry_name) == "401"


def test_a_wrong_password_is_refused(engine, registry_name):
    assert status(engine, registry_name, "--user reader:wrong") == "401"


def test_a_reader_may_read(engine, registry_name, password):
    assert status(engine, registry_name, f"--user reader:{password('reader')}") == "200"


def test_a_reader_may_not_push(engine, registry_name, password):
    user = f"--user reader:{password('reader')}"
    ca = CA.format(name=registry_name)
    url = f"https://{registry_name}/v2/course/base/blobs/uploads/"
    command = f"curl --silent --output /dev/null --write-out '%{{http_code}}' --cacert {ca} {user} --request POST {url}"
    assert engine.check_output(command) == "403"


def test_another_authority_is_not_trusted(engine, registry_name):
    # curl's code 60: the peer's certificate cannot be verified.
    assert engine.run(f"curl --silent https://{registry_name}/v2/").rc == 60


def test_a_workspace_does_not_reach_it(engine, registry_name):
    address = engine.check_output(f"getent hosts {registry_name}").split()[0]
    # The control is every other test here: from the host it answers.
    answer = engine.run(f"docker exec workspace-ada timeout 10 bash -c 'exec 3<>/dev/tcp/{address}/443'")
    assert answer.rc != 0
    assert "refused" not in answer.stderr


def test_others_tools_accept_the_image(engine, registry_name, password):
    credentials = f"reader:{password('reader')}"
    image = f"docker://{registry_name}/course/workspace:latest"
    command = f"skopeo inspect --cert-dir /etc/docker/certs.d/{registry_name} --creds {credentials} {image}"
    assert '"Digest": "sha256:' in engine.check_output(command)


def test_it_listens_on_the_classroom_only(registry):
    listeners = registry.check_output("ss --listening --numeric --tcp --no-header").splitlines()
    addresses = {line.split()[3] for line in listeners if line.split()[3].endswith((":443", ":5000", ":80"))}
    own = registry.check_output("ip -4 -brief address show eth0").split()[2].split("/")[0]
    assert addresses == {f"{own}:443", "127.0.0.1:5000"}
