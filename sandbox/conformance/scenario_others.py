"""Calls every operation of STS, Service Quotas and Parameter Store."""
from botocore.exceptions import ClientError

PUBLIC = {"ServiceCode": "ec2", "QuotaCode": "L-0E3CBAB9"}


def sts(box):
    client = box.client("sts")
    client.get_caller_identity()
    client.get_session_token()
    role = client.assume_role(RoleArn="arn:aws:iam::210987654321:role/guest", RoleSessionName="conformance", SourceIdentity="me")
    client.assume_role_with_web_identity(RoleArn="arn:aws:iam::123456789012:role/pipeline", RoleSessionName="conformance", WebIdentityToken=box.token(Subject="project_path:group/project:ref_type:tag:ref:v1.0.0"))
    keys = role["Credentials"]
    guest = box.client("sts", keys={"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"],
                                    "aws_session_token": keys["SessionToken"]})
    who = guest.get_caller_identity()
    assert who["Account"] == "210987654321" and who["Arn"] == role["AssumedRoleUser"]["Arn"], who
    limits = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}'
    keys = client.assume_role(RoleArn="arn:aws:iam::210987654321:role/guest", RoleSessionName="limited", Policy=limits)["Credentials"]
    limited = box.client("ec2", keys={"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"],
                                      "aws_session_token": keys["SessionToken"]})
    try:
        limited.describe_regions()
        raise AssertionError("a session does what its policy does not allow")
    except ClientError as error:
        text = error.response["Error"]["Message"]
    decoded = client.decode_authorization_message(EncodedMessage=text.rsplit(" ", 1)[1])["DecodedMessage"]
    assert "ec2:DescribeRegions" in decoded, decoded


def quotas(box):
    client = box.client("service-quotas")
    client.list_services(MaxResults=1)
    client.list_service_quotas(ServiceCode="ec2", MaxResults=1)
    client.list_aws_default_service_quotas(ServiceCode="ec2", MaxResults=1)
    client.get_service_quota(**PUBLIC)
    client.get_aws_default_service_quota(**PUBLIC)
    asked = client.request_service_quota_increase(DesiredValue=30, **PUBLIC)["RequestedQuota"]
    client.request_service_quota_increase(ServiceCode="ec2", QuotaCode="L-70015FFA", DesiredValue=2000)
    client.get_requested_service_quota_change(RequestId=asked["Id"])
    client.list_requested_service_quota_change_history(MaxResults=1)
    box.advance("10m")
    client.get_requested_service_quota_change(RequestId=asked["Id"])
    client.list_requested_service_quota_change_history()
    box.advance("72h")
    client.list_requested_service_quota_change_history_by_quota(**PUBLIC)
    value = client.get_service_quota(**PUBLIC)["Quota"]["Value"]
    assert value == 30, value
    client.request_service_quota_increase(DesiredValue=40, **PUBLIC)
    client.list_requested_service_quota_change_history_by_quota(MaxResults=1, **PUBLIC)


def ssm(box):
    client = box.client("ssm")
    for n in range(2):
        client.put_parameter(Name=f"/conformance/{n}", Type="String", Value="a", Description="one", AllowedPattern="[a-z]+",
                             Tags=[{"Key": "kind", "Value": "test"}])
    client.put_parameter(Name="/conformance/0", Value="b", Overwrite=True)
    client.put_parameter(Name="/conformance/secret", Type="SecureString", Value="hush", Tier="Advanced")
    client.label_parameter_version(Name="/conformance/0", ParameterVersion=1, Labels=["first", "9"])
    client.get_parameter(Name="/conformance/0:first")
    client.unlabel_parameter_version(Name="/conformance/0", ParameterVersion=1, Labels=["first", "none"])
    client.get_parameter(Name="/conformance/0:1")
    client.get_parameter(Name="/aws/service/debian/release/12/latest/amd64")
    client.get_parameters(Names=["/conformance/0:1", "/conformance/9"])
    client.get_parameters_by_path(Path="/conformance", MaxResults=1)
    client.get_parameters_by_path(Path="/conformance", WithDecryption=True)
    client.get_parameter_history(Name="/conformance/0", MaxResults=1)
    client.get_parameter_history(Name="/conformance/secret")
    client.describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": ["/conformance/"]}], MaxResults=1)
    client.describe_parameters(ParameterFilters=[{"Key": "Type", "Values": ["SecureString"]}])
    client.add_tags_to_resource(ResourceType="Parameter", ResourceId="/conformance/0", Tags=[{"Key": "more", "Value": "yes"}])
    client.remove_tags_from_resource(ResourceType="Parameter", ResourceId="/conformance/0", TagKeys=["more"])
    client.list_tags_for_resource(ResourceType="Parameter", ResourceId="/conformance/0")
    client.delete_parameter(Name="/conformance/0")
    client.delete_parameters(Names=["/conformance/1", "/conformance/9"])
