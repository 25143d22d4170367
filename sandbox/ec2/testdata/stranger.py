"""Calls every operation of the sandbox's EC2 with boto3, and prints what is missing.

Arguments: the endpoint and the file of members that are left out on purpose.
Each line of output is a member that EC2 documents (in botocore's model), that
no answer held, and that the file does not excuse; or an excuse for a member
that was there after all.
"""
import fnmatch
import sys

import boto3
import botocore.session
from botocore.config import Config

VENDOR, CUSTOMER = "111111111111", "222222222222"
HOME, AWAY = "us-east-1", "eu-west-1"
MODEL = botocore.session.get_session().get_service_model("ec2")
seen = {}  # operation -> paths of the members that its answers held


def walk(shape, value, path, out):
    if shape.type_name == "structure":
        for name, inner in value.items():
            if name in shape.members:
                here = f"{path}.{name}" if path else name
                out.add(here)
                walk(shape.members[name], inner, here, out)
    elif shape.type_name == "list":
        for inner in value:
            walk(shape.member, inner, path, out)


def documented(shape, path, out, outer=()):
    if shape.type_name == "structure" and shape.name not in outer:
        for name, inner in shape.members.items():
            here = f"{path}.{name}" if path else name
            out.add(here)
            documented(inner, here, out, outer + (shape.name,))
    elif shape.type_name == "list":
        documented(shape.member, path, out, outer)


class Caller:
    """Calls operations by name; what an older boto3 does not know is left out."""

    def __init__(self, account, region):
        self.client = boto3.client(
            "ec2", region_name=region, endpoint_url=sys.argv[1], aws_access_key_id="AKIA" + account,
            aws_secret_access_key="secret", config=Config(retries={"max_attempts": 0}))

    def __call__(self, operation, **params):
        if operation not in MODEL.operation_names:
            return {}
        shape = MODEL.operation_model(operation)
        params = {k: v for k, v in params.items() if k in shape.input_shape.members}
        answer = self.client._make_api_call(operation, params)
        if shape.output_shape:
            walk(shape.output_shape, answer, "", seen.setdefault(operation, set()))
        return answer

    def wait(self, waiter, **params):
        self.client.get_waiter(waiter).wait(WaiterConfig={"Delay": 0.1}, **params)


def spec(*kinds):
    return [{"ResourceType": k, "Tags": [{"Key": "a", "Value": "b"}]} for k in kinds]


def region_and_account(home):
    for op in ("DescribeRegions", "DescribeAvailabilityZones", "DescribeAccountAttributes", "GetImageBlockPublicAccessState",
               "DisableImageBlockPublicAccess", "GetEbsEncryptionByDefault", "EnableEbsEncryptionByDefault",
               "DisableEbsEncryptionByDefault"):
        home(op)
    home("EnableImageBlockPublicAccess", ImageBlockPublicAccessState="block-new-sharing")
    home("DisableImageBlockPublicAccess")
    vpc = home("DescribeVpcs")["Vpcs"][0]["VpcId"]
    subnet = home("DescribeSubnets", MaxResults=5)["Subnets"][0]["SubnetId"]
    home("CreateTags", Resources=[vpc, subnet], Tags=[{"Key": "a", "Value": "b"}])
    home("DescribeVpcs")
    home("DescribeSubnets")
    home("DescribeInstanceTypes", MaxResults=5)
    home("DescribeInstanceTypeOfferings", MaxResults=5)


def keys(home):
    name = home("CreateKeyPair", KeyName="k", KeyType="ed25519", TagSpecifications=spec("key-pair"))["KeyName"]
    public = home("DescribeKeyPairs", KeyNames=[name], IncludePublicKey=True)["KeyPairs"][0].get("PublicKey")
    if public:
        home("ImportKeyPair", KeyName="i", PublicKeyMaterial=public.encode(), TagSpecifications=spec("key-pair"))
        home("DeleteKeyPair", KeyName="i")
    return name


def group(home):
    made = home("CreateSecurityGroup", GroupName="g", Description="d", TagSpecifications=spec("security-group"))["GroupId"]
    rules = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
              "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "x"}],
              "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "x"}],
              "UserIdGroupPairs": [{"GroupId": made, "Description": "x"}],
              "PrefixListIds": [{"PrefixListId": "pl-12345678", "Description": "x"}]}]
    home("AuthorizeSecurityGroupIngress", GroupId=made, IpPermissions=rules, TagSpecifications=spec("security-group-rule"))
    for n in range(6):
        home("CreateSecurityGroup", GroupName=f"g{n}", Description="d")
    home("DescribeSecurityGroups")
    home("DescribeSecurityGroups", MaxResults=5)
    return made, rules


INSTANCE_ATTRIBUTES = """instanceType kernel ramdisk userData disableApiTermination instanceInitiatedShutdownBehavior
    rootDeviceName blockDeviceMapping productCodes sourceDestCheck groupSet ebsOptimized sriovNetSupport enaSupport
    enclaveOptions disableApiStop""".split()
IMAGE_ATTRIBUTES = """description kernel ramdisk launchPermission productCodes sriovNetSupport bootMode tpmSupport uefiData
    lastLaunchedTime imdsSupport deregistrationProtection""".split()


def attributes(call, operation, names, **which):
    known = MODEL.shape_for("ImageAttributeName" if "ImageId" in which else "InstanceAttributeName").enum
    for name in names:
        if name in known:
            call(operation, Attribute=name, **which)


def launch(home, image, key, sg, count=1):
    made = home("RunInstances", ImageId=image, InstanceType="t3.micro", MinCount=count, MaxCount=count, KeyName=key,
                SecurityGroupIds=[sg], UserData="aGVsbG8=", IamInstanceProfile={"Name": "p"},
                BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeType": "gp3", "Encrypted": True}}],
                TagSpecifications=spec("instance", "volume", "network-interface"))
    ids = [i["InstanceId"] for i in made["Instances"]]
    home.wait("instance_running", InstanceIds=ids)
    return ids


def instance(home, image, key, sg):
    launch(home, image, key, sg, 6)
    one = launch(home, image, key, sg)[0]
    home("DescribeInstances")
    home("DescribeInstances", MaxResults=5)
    home("DescribeInstanceStatus")
    home("DescribeInstanceStatus", MaxResults=5)
    home("DescribeVolumes", MaxResults=5)
    home("GetConsoleOutput", InstanceId=one)
    home("ModifyInstanceMetadataOptions", InstanceId=one, HttpTokens="required")
    volume = home("DescribeInstances", InstanceIds=[one])["Reservations"][0]["Instances"][0]["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    home("DescribeVolumes", VolumeIds=[volume])
    home("CreateSnapshot", VolumeId=volume, Description="d", TagSpecifications=spec("snapshot"))
    home("RebootInstances", InstanceIds=[one])
    home("StopInstances", InstanceIds=[one])
    home.wait("instance_stopped", InstanceIds=[one])
    home("ModifyInstanceAttribute", InstanceId=one, SriovNetSupport={"Value": "simple"})
    home("DescribeInstances", InstanceIds=[one])
    attributes(home, "DescribeInstanceAttribute", INSTANCE_ATTRIBUTES, InstanceId=one)
    return one


def image(home, away, machine):
    made = home("CreateImage", InstanceId=machine, Name="made", Description="d")["ImageId"]
    home.wait("image_available", ImageIds=[made])
    home("StartInstances", InstanceIds=[machine])
    disk = home("DescribeImages", ImageIds=[made])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    registered = home("RegisterImage", Name="registered", Architecture="x86_64", RootDeviceName="/dev/sda1", EnaSupport=True,
                      VirtualizationType="hvm", SriovNetSupport="simple", BootMode="uefi", TpmSupport="v2.0", UefiData="AAAA",
                      ImdsSupport="v2.0", Description="d", BlockDeviceMappings=[
                          {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": disk}},
                          {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"}])["ImageId"]
    home.wait("image_available", ImageIds=[registered])
    attributes(home, "DescribeImageAttribute", IMAGE_ATTRIBUTES, ImageId=registered)
    home("CopySnapshot", SourceRegion=HOME, SourceSnapshotId=disk, CompletionDurationMinutes=15, TagSpecifications=spec("snapshot"))
    home("DescribeImages")
    home("DescribeImages", MaxResults=1)
    home("DescribeSnapshots", OwnerIds=["self"])
    home("DescribeSnapshots", OwnerIds=["amazon"])
    home("DescribeSnapshots", MaxResults=5)
    home("DescribeTags", MaxResults=5)
    home("DeleteTags", Resources=[made], Tags=[{"Key": "none"}])
    copied = away("CopyImage", Name="copied", SourceImageId=made, SourceRegion=HOME)["ImageId"]
    away.wait("image_available", ImageIds=[copied])
    retire(away, copied)
    home("DeregisterImage", ImageId=registered)
    return made, disk


def share(home, own):
    orgs = "arn:aws:organizations::123456789012:"
    home("ModifyImageAttribute", ImageId=own, LaunchPermission={"Add": [
        {"UserId": CUSTOMER}, {"Group": "all"}, {"OrganizationArn": orgs + "organization/o-abc"},
        {"OrganizationalUnitArn": orgs + "ou/o-abc/ou-x"}]})
    attributes(home, "DescribeImageAttribute", IMAGE_ATTRIBUTES, ImageId=own)
    home("ResetImageAttribute", ImageId=own, Attribute="launchPermission")
    disk = home("DescribeImages", ImageIds=[own])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    home("ModifySnapshotAttribute", SnapshotId=disk, CreateVolumePermission={"Add": [{"UserId": CUSTOMER}, {"Group": "all"}]})
    home("DescribeSnapshotAttribute", SnapshotId=disk, Attribute="createVolumePermission")


def retire(call, ami):
    call("EnableImageDeprecation", ImageId=ami, DeprecateAt="2035-01-01T00:00:00Z")
    call("DescribeImages", ImageIds=[ami])
    call("DisableImageDeprecation", ImageId=ami)
    call("EnableImageDeregistrationProtection", ImageId=ami, WithCooldown=False)
    call("DisableImageDeregistrationProtection", ImageId=ami)
    call("DisableImage", ImageId=ami)
    call("EnableImage", ImageId=ami)
    call("DeregisterImage", ImageId=ami, DeleteAssociatedSnapshots=True)


def by_name(call, name):
    return call("DescribeImages", Owners=["self"], Filters=[{"Name": "name", "Values": [name]}])["Images"][0]


def recycle(call):
    """The region has a recycle bin."""
    for n in (1, 2):
        ami = by_name(call, f"binned-{n}")["ImageId"]
        call("DeregisterImage", ImageId=ami)
    call("ListImagesInRecycleBin", MaxResults=1)
    call("RestoreImageFromRecycleBin", ImageId=ami)


def main():
    home, away, bin = Caller(VENDOR, HOME), Caller(VENDOR, AWAY), Caller(VENDOR, "us-west-2")
    region_and_account(home)
    key, (sg, rules) = keys(home), group(home)
    product = by_name(home, "product")
    home("CreateTags", Resources=[product["ImageId"]], Tags=[{"Key": "a", "Value": "b"}])
    home("DescribeSnapshotAttribute", SnapshotId=product["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"], Attribute="productCodes")
    machine = instance(home, product["ImageId"], key, sg)
    made, disk = image(home, away, machine)
    share(home, by_name(home, "plain")["ImageId"])
    attributes(home, "DescribeImageAttribute", IMAGE_ATTRIBUTES, ImageId=product["ImageId"])
    recycle(bin)
    home("RevokeSecurityGroupIngress", GroupId=sg, IpPermissions=rules)
    every = [i["InstanceId"] for r in home("DescribeInstances")["Reservations"] for i in r["Instances"]]
    home("TerminateInstances", InstanceIds=every)
    home.wait("instance_terminated", InstanceIds=every)
    home("DescribeInstances")
    home("DeleteSecurityGroup", GroupId=sg)
    home("DeleteKeyPair", KeyName=key)
    home("DeregisterImage", ImageId=made)
    home("DeleteSnapshot", SnapshotId=disk)
    report()


def report():
    excuses = {}
    for line in open(sys.argv[2], encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            operation, path, _ = line.split(None, 2)
            excuses[operation, path] = False
    for operation in sorted(seen):
        want = set()
        documented(MODEL.operation_model(operation).output_shape, "", want)
        for path in sorted(want - seen[operation]):
            parts = path.split(".")
            above = [".".join(parts[:n + 1]) for n in range(len(parts))]
            hits = [e for e in excuses if fnmatch.fnmatchcase(operation, e[0]) and any(fnmatch.fnmatchcase(a, e[1]) for a in above)]
            for e in hits:
                excuses[e] = True
            if not hits:
                print("missing", operation, path)
    for (operation, path), used in excuses.items():
        if not used and "--strict" in sys.argv:
            print("not missing", operation, path)


main()
