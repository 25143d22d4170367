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

    def client(self, service, account="vendor", region="us-east-1", keys=None):
        who = keys or self.keys(account)
        session = boto3.Session(botocore_session=self.core)
        return session.client(service, region_name=region, endpoint_url=self.url, config=CONFIG, **who)

    def keys(self, account):
        who = self.admin("GET", "/account/" + account)
        return {"aws_access_key_id": who["key"], "aws_secret_access_key": who["secret"]}

    def admin(self, method, path):
        conn = http.client.HTTPConnection("sandbox")
        conn.sock = socket.socket(socket.AF_UNIX)
        os.chdir(os.environ["SANDBOX_STATE"])  # the socket's name must be short
        conn.sock.connect("admin.sock")
        conn.request(method, path)
        answer = conn.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {body.decode()}")
        return json.loads(body)

    def advance(self, by):
        self.admin("POST", "/advance?by=" + by)

    def base(self, ec2, arch="x86_64"):
        """The newest image of Ubuntu 22.04."""
        images = ec2.describe_images(Owners=["099720109477"], Filters=[
            {"Name": "name", "Values": ["ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-*-server-*"]},
            {"Name": "architecture", "Values": [arch]}])["Images"]
        return max(images, key=lambda i: i["CreationDate"])["ImageId"]


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
