"""Calls every operation of the Marketplace Catalog. Change sets of the product
SHOWN end at once, but for the first, which can be cancelled."""

CATALOG = {"Catalog": "AWSMarketplace"}
SHOWN = "prod-aaaaaaaaaaaaa"
SOLD = "prod-bbbbbbbbbbbbb"
ROLE = "arn:aws:iam::123456789012:role/ingestion"


def run(box):
    client = box.client("marketplace-catalog")
    entities = client.list_entities(EntityType="AmiProduct", MaxResults=1, **CATALOG)
    client.list_entities(EntityType="AmiProduct", NextToken=entities["NextToken"], **CATALOG)
    product = client.describe_entity(EntityId=SHOWN, **CATALOG)
    client.batch_describe_entities(EntityRequestList=[{"EntityId": e, **CATALOG} for e in (SHOWN, "prod-zzzzzzzzzzzzz")])
    arn = product["EntityArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "us"}, {"Key": "kind", "Value": "test"}])
    client.list_tags_for_resource(ResourceArn=arn)
    client.untag_resource(ResourceArn=arn, TagKeys=["kind"])

    first = start(client, change("UpdateInformation", SHOWN, {"Sku": "1"}))
    client.describe_change_set(ChangeSetId=first, **CATALOG)
    client.cancel_change_set(ChangeSetId=first, **CATALOG)
    bad = start(client, change("AddDeliveryOptions", SHOWN, version("2.0", "ami-0123456789abcdef0")))
    ended = client.describe_change_set(ChangeSetId=bad, **CATALOG)
    assert ended["Status"] == "FAILED", ended
    page = client.list_change_sets(MaxResults=1, **CATALOG)
    client.list_change_sets(NextToken=page["NextToken"], **CATALOG)


def change(kind, product, details):
    return {"ChangeType": kind, "ChangeName": "one", "Entity": {"Type": "AmiProduct@1.0", "Identifier": product}, "DetailsDocument": details}


def start(client, *changes, **more):
    return client.start_change_set(ChangeSet=list(changes), ChangeSetName="Conformance 1.0", **CATALOG, **more)["ChangeSetId"]


def version(title, image):
    return {
        "Version": {"VersionTitle": title, "ReleaseNotes": "New."},
        "DeliveryOptions": [{"Details": {"AmiDeliveryOptionDetails": {
            "AmiSource": {"AmiId": image, "AccessRoleArn": ROLE, "UserName": "ubuntu",
                          "OperatingSystemName": "UBUNTU", "OperatingSystemVersion": "22.04"},
            "UsageInstructions": "Log in.",
            "AccessEndpointUrl": {"Port": 443, "Protocol": "https"},
            "RecommendedInstanceType": "m5.large",
            "SecurityGroups": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 443, "IpRanges": ["0.0.0.0/0"]}],
        }}}],
    }
