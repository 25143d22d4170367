"""What the scenarios share: clients of any account, the sandbox's clock."""

import http.client
import json
import os
import socket
import time

import boto3
import botocore.config
import botocore.session

CONFIG = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=60)


class Sandbox:
    """The sandbox that the environment names: SANDBOX_URL, SANDBOX_STATE."""

    def __init__(self):
        self.url = os.environ["SANDBOX_URL"]
        self.core = botocore.session.Session()
        self.unknown = set()  # what was asked for and this botocore does not know

    def client(self, service, account="vendor", region="us-east-1", keys=None):
        who = keys or self.keys(account)
        session = boto3.Session(botocore_session=self.core)
        return Tolerant(session.client(service, region_name=region, endpoint_url=self.url, config=CONFIG, **who), self.unknown)

    def keys(self, account):
        who = self.admin("GET", "/account/" + account)
        return {"aws_access_key_id": who["key"], "aws_secret_access_key": who["secret"]}

    def admin(self, method, path, body=None):
        conn = http.client.HTTPConnection("sandbox")
        conn.sock = socket.socket(socket.AF_UNIX)
        os.chdir(os.environ["SANDBOX_STATE"])  # the socket's name must be short
        conn.sock.connect("admin.sock")
        conn.request(method, path, body)
        answer = conn.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {body.decode()}")
        return json.loads(body)

    def advance(self, by):
        self.admin("POST", "/advance?by=" + by)

    def token(self, **ask):
        """A token of the world's only OpenID Connect provider, for an hour."""
        return self.admin("POST", "/token", json.dumps({"For": 3600 * 10**9} | ask))

    def base(self, ec2, arch="x86_64"):
        """The newest image of Ubuntu 22.04."""
        images = ec2.describe_images(Owners=["099720109477"], Filters=[
            {"Name": "name", "Values": ["ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-*-server-*"]},
            {"Name": "architecture", "Values": [arch]}])["Images"]
        return max(images, key=lambda i: i["CreationDate"])["ImageId"]


class Tolerant:
    """A client that leaves out what this botocore is too old to know: operations
    answer nothing, members of requests are not sent."""

    def __init__(self, client, unknown):
        self.client, self.unknown = client, unknown
        self.service = client.meta.service_model

    def __getattr__(self, name):
        if name == "get_paginator":
            return self.client.get_paginator
        operation = self.client.meta.method_to_api_mapping.get(name)
        if operation is None:
            self.unknown.add(f"{self.service.service_name} {name}")
            return lambda **_: {}
        shape = self.service.operation_model(operation).input_shape
        return lambda **kw: getattr(self.client, name)(**self.known(shape, kw, operation))

    def known(self, shape, value, where):
        if getattr(shape, "is_document_type", False):  # any JSON
            return value
        if shape.type_name == "structure" and isinstance(value, dict):
            for name in value.keys() - shape.members.keys():
                self.unknown.add(f"{self.service.service_name} {where}.{name}")
            return {k: self.known(shape.members[k], v, where + "." + k) for k, v in value.items() if k in shape.members}
        if shape.type_name == "list" and isinstance(value, list):
            return [self.known(shape.member, v, where) for v in value]
        return value


def until(what, ok, seconds=30):
    """Polls what() until ok(it), and returns it."""
    end = time.monotonic() + seconds
    while True:
        got = what()
        if ok(got):
            return got
        if time.monotonic() > end:
            raise RuntimeError(f"after {seconds} s it is still {got}")
        time.sleep(0.05)
