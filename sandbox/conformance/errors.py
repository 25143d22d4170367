"""Provokes errors and checks that boto3 sees AWS's codes."""

import sys

import botocore.exceptions

import world
from scenario_marketplace import CATALOG, change, start

SERVICES = ("ec2", "ssm", "sts", "service-quotas", "marketplace-catalog")
PUBLIC = {"ServiceCode": "ec2", "QuotaCode": "L-0E3CBAB9"}
GONE = "ami-0123456789abcdef0"


def cases(box):
    ec2, ssm, sts, quotas, market = (box.client(s) for s in SERVICES)
    meek = {s: box.client(s, "meek") for s in SERVICES}
    wrong = {"aws_access_key_id": "AKIAAAAAAAAAAAAAAAAA", "aws_secret_access_key": "x"}
    nobody = {s: box.client(s, keys=wrong) for s in SERVICES}
    base = box.base(ec2)
    ssm.put_parameter(Name="/errors/one", Type="String", Value="1")
    return [
        ("AccessDeniedException", lambda: meek["marketplace-catalog"].list_entities(EntityType="AmiProduct", **CATALOG)),
        ("UnrecognizedClientException", lambda: nobody["marketplace-catalog"].describe_entity(EntityId="prod-aaaaaaaaaaaaa", **CATALOG)),
        ("ResourceNotFoundException", lambda: market.describe_entity(EntityId="prod-zzzzzzzzzzzzz", **CATALOG)),
        ("ResourceNotFoundException", lambda: market.describe_change_set(ChangeSetId="nothing", **CATALOG)),
        ("ResourceNotFoundException", lambda: market.cancel_change_set(ChangeSetId="nothing", **CATALOG)),
        ("ResourceNotFoundException", lambda: market.list_tags_for_resource(ResourceArn="arn:aws:aws-marketplace:us-east-1:123456789012:AWSMarketplace/AmiProduct/prod-zzzzzzzzzzzzz")),
        ("ValidationException", lambda: market.list_entities(EntityType="AmiProduct@1.0", **CATALOG)),
        ("ValidationException", lambda: market.list_change_sets(FilterList=[{"Name": "Colour", "ValueList": ["red"]}], **CATALOG)),
        ("ValidationException", lambda: offer(market, "prod-aaaaaaaaaaaaa@1")),
        (None, lambda: offer(market, "prod-aaaaaaaaaaaaa")),
        ("ResourceInUseException", lambda: offer(market, "prod-aaaaaaaaaaaaa")),
        ("InvalidAMIID.NotFound", lambda: ec2.describe_images(ImageIds=[GONE])),
        ("InvalidAMIID.Malformed", lambda: ec2.describe_images(ImageIds=["ami-nonsense"])),
        ("InvalidParameterValue", lambda: ec2.describe_images(Filters=[{"Name": "colour", "Values": ["red"]}])),
        ("InvalidAMIID.NotFound", lambda: ec2.deregister_image(ImageId=GONE)),
        ("InvalidAMIName.Malformed", lambda: ec2.copy_image(Name="a+b+c", SourceImageId=base, SourceRegion="us-east-1")),
        ("InvalidInstanceID.NotFound", lambda: ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])),
        ("InvalidSnapshot.NotFound", lambda: ec2.delete_snapshot(SnapshotId="snap-0123456789abcdef0")),
        ("InvalidGroup.NotFound", lambda: ec2.describe_security_groups(GroupIds=["sg-0123456789abcdef0"])),
        ("InvalidKeyPair.NotFound", lambda: ec2.describe_key_pairs(KeyNames=["nobody"])),
        ("InvalidParameterValue", lambda: ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": []}])),
        ("InvalidParameterValue", lambda: ec2.create_tags(Resources=[base], Tags=[])),
        ("MissingParameter", lambda: ec2.create_tags(Resources=[], Tags=[{"Key": "a", "Value": "b"}])),
        ("InvalidParameterValue", lambda: ec2.create_image(InstanceId=launch(ec2, base), Name="failed", TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}])),
        ("InvalidParameterValue", lambda: ec2.register_image(Name="failed", BootMode="none")),
        ("InvalidParameterValue", lambda: opened(ec2, "10.0.0.1/8", "10.0.0.2/8")),
        ("InvalidPermission.Duplicate", lambda: [opened(ec2, "10.0.0.0/8") for _ in range(2)]),
        ("InvalidParameterCombination", lambda: ec2.run_instances(ImageId=base, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId="subnet-1", NetworkInterfaces=[{"DeviceIndex": 0}])),
        ("DryRunOperation", lambda: ec2.create_key_pair(KeyName="x", DryRun=True)),
        ("UnauthorizedOperation", lambda: meek["ec2"].create_key_pair(KeyName="x")),
        ("AccessDeniedException", lambda: meek["ssm"].get_parameter(Name="/errors/one")),
        ("AccessDeniedException", lambda: meek["service-quotas"].get_service_quota(**PUBLIC)),
        ("AccessDenied", lambda: meek["sts"].get_session_token()),
        ("AuthFailure", lambda: nobody["ec2"].describe_regions()),
        ("InvalidClientTokenId", lambda: nobody["sts"].get_caller_identity()),
        ("UnrecognizedClientException", lambda: nobody["ssm"].get_parameter(Name="/x")),
        ("AccessDenied", lambda: sts.assume_role(RoleArn="arn:aws:iam::210987654321:role/nobody", RoleSessionName="me")),
        ("ValidationError", lambda: sts.assume_role(RoleArn="arn:aws:iam::210987654321:role/guest", RoleSessionName="me", DurationSeconds=43200)),
        ("ParameterNotFound", lambda: ssm.get_parameter(Name="/errors/none")),
        ("ParameterNotFound", lambda: box.client("ssm", "customer").get_parameter(Name="/errors/one")),
        ("ParameterNotFound", lambda: box.client("ssm", region="eu-west-1").get_parameter(Name="/errors/one")),
        ("ParameterVersionNotFound", lambda: ssm.get_parameter(Name="/errors/one:7")),
        ("ParameterAlreadyExists", lambda: ssm.put_parameter(Name="/errors/one", Type="String", Value="2")),
        ("ValidationException", lambda: ssm.put_parameter(Name="/errors/one", Value="2", Overwrite=True, Tags=[{"Key": "a", "Value": "b"}])),
        ("ValidationException", lambda: ssm.put_parameter(Name="errors/one", Type="String", Value="2")),
        ("ValidationException", lambda: ssm.put_parameter(Name="/errors/untyped", Value="2")),
        ("AccessDeniedException", lambda: ssm.put_parameter(Name="/aws/mine", Type="String", Value="2")),
        ("HierarchyLevelLimitExceededException", lambda: ssm.put_parameter(Name="/a" * 16, Type="String", Value="2")),
        ("InvalidResourceId", lambda: ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/errors/none")),
        ("NoSuchResourceException", lambda: quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-00000000")),
        ("NoSuchResourceException", lambda: quotas.list_service_quotas(ServiceCode="nothing")),
        ("NoSuchResourceException", lambda: quotas.get_requested_service_quota_change(RequestId="none")),
        ("IllegalArgumentException", lambda: quotas.request_service_quota_increase(DesiredValue=1, **PUBLIC)),
        ("IllegalArgumentException", lambda: quotas.request_service_quota_increase(ServiceCode="ebs", QuotaCode="L-SNAPCOPY", DesiredValue=99)),
        (None, lambda: box.client("service-quotas", region="eu-west-2").request_service_quota_increase(DesiredValue=9, **PUBLIC)),
        ("ResourceAlreadyExistsException", lambda: box.client("service-quotas", region="eu-west-2").request_service_quota_increase(DesiredValue=9, **PUBLIC)),
    ]


def launch(ec2, image):
    """A running instance."""
    run = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    world.until(lambda: ec2.describe_instances(InstanceIds=[run])["Reservations"][0]["Instances"][0]["State"]["Name"], "running".__eq__)
    return run


def opened(ec2, *ranges):
    """Opens the default group's port 443 to address ranges."""
    ec2.authorize_security_group_ingress(GroupName="default", IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": r} for r in ranges]}])


def offer(market, product):
    start(market, change("UpdateInformation", product, {"Sku": "1"}))


def main():
    failed = 0
    for n, (want, call) in enumerate(cases(world.Sandbox()), 1):
        try:
            call()
            got = None
        except botocore.exceptions.ClientError as e:
            got = e.response["Error"]["Code"]
        if got != want:
            failed += 1
            print(f"case {n}: the code is {got}, want {want}")
    print(f"{n} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
