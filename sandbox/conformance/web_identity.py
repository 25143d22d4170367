"""Logs in with a token, as boto3 and the AWS CLI do by themselves: by
AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or by a profile that names them."""

import json
import os
import subprocess
import tempfile

import boto3
import botocore.exceptions

import world

box = world.Sandbox()
ROLE = "arn:aws:iam::123456789012:role/pipeline"
JOB = "project_path:group/project:ref_type:tag:ref:v1.0.0"
home = tempfile.mkdtemp(dir=os.getcwd())
path = os.path.join(home, "token")


def write(**ask):
    with open(path, "w") as f:
        f.write(box.token(**ask))


def arn(**env):
    """Asks the CLI. It keeps sessions in its home directory: each call has a new one."""
    env["HOME"] = tempfile.mkdtemp(dir=home)
    out = subprocess.run(["aws", "sts", "get-caller-identity"], env=os.environ | env, capture_output=True, text=True)
    return json.loads(out.stdout)["Arn"] if out.returncode == 0 else out.stderr.strip()


os.environ.update(AWS_WEB_IDENTITY_TOKEN_FILE=path, AWS_ROLE_ARN=ROLE, AWS_ROLE_SESSION_NAME="job-42", AWS_DEFAULT_REGION="eu-west-1")
write(Subject=JOB)
want = "arn:aws:sts::123456789012:assumed-role/pipeline/job-42"
got = boto3.client("sts").get_caller_identity()["Arn"]
assert got == want, got
assert arn() == want, arn()
assert boto3.client("ec2").describe_images(Owners=["self"])["ResponseMetadata"]["HTTPStatusCode"] == 200

# A profile names the file and the role; a second one assumes a role with the first one's session.
config = path + ".config"
with open(config, "w") as f:
    f.write(f"[profile job]\nrole_arn = {ROLE}\nweb_identity_token_file = {path}\nrole_session_name = job-43\n"
            "[profile next]\nrole_arn = arn:aws:iam::210987654321:role/guest\nsource_profile = job\nrole_session_name = next\n")
for name in "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME":
    del os.environ[name]
for profile, want in ("job", "123456789012:assumed-role/pipeline/job-43"), ("next", "210987654321:assumed-role/guest/next"):
    got = arn(AWS_CONFIG_FILE=config, AWS_PROFILE=profile)
    assert got == "arn:aws:sts::" + want, got

for ask, code in (
    (dict(Subject="project_path:evil/project:ref_type:tag:ref:v1.0.0"), "AccessDenied"),
    (dict(Subject=JOB, Audience="https://example.org"), "InvalidIdentityToken"),
    (dict(Subject=JOB, For=10**9), "ExpiredTokenException"),
):
    write(**ask)
    if code == "ExpiredTokenException":
        box.advance("2s")
    got = arn(AWS_CONFIG_FILE=config, AWS_PROFILE="job")
    assert f"({code})" in got, f"{ask}: {got}"
    try:
        boto3.client("sts").assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="me", WebIdentityToken=open(path).read())
    except botocore.exceptions.ClientError as e:
        assert e.response["Error"]["Code"] == code, e
    else:
        raise AssertionError(f"{ask} works, want {code}")
print("logged in")
