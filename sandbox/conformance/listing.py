"""A whole life of a version with boto3: list, describe, start, describe, list,
cancel, restrict. The product's first change set takes long, all others end at
once."""

import world
from scenario_marketplace import CATALOG, SOLD, change, start, version


def main():
    box = world.Sandbox()
    catalog, ec2 = box.client("marketplace-catalog"), box.client("ec2")
    image = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["listing"]}])["Images"][0]["ImageId"]

    # List and describe.
    found = catalog.list_entities(EntityType="ServerProduct", FilterList=[{"Name": "Name", "ValueList": ["Sold Thing"]}], **CATALOG)
    assert [e["EntityId"] for e in found["EntitySummaryList"]] == [SOLD], found
    newest = catalog.describe_entity(EntityId=SOLD, **CATALOG)["EntityIdentifier"]

    # Start; it can be seen, and keeps others off the product.
    first = start(catalog, change("AddDeliveryOptions", newest, version("2.0", image)), ClientRequestToken="once")
    assert start(catalog, change("AddDeliveryOptions", newest, version("2.0", image)), ClientRequestToken="once") == first
    assert catalog.describe_change_set(ChangeSetId=first, **CATALOG)["Status"] == "PREPARING"
    try:
        start(catalog, change("AddDeliveryOptions", SOLD, version("2.0", image)))
        raise SystemExit("the product is not locked")
    except catalog.client.exceptions.ResourceInUseException as e:
        assert first in e.response["Error"]["Message"], e
    assert pending(catalog) == [first]

    # Cancel, and start again: by now another revision would be a stale one.
    catalog.cancel_change_set(ChangeSetId=first, **CATALOG)
    assert pending(catalog) == []
    second = start(catalog, change("AddDeliveryOptions", newest, version("2.0", image)))
    got = catalog.describe_change_set(ChangeSetId=second, **CATALOG)
    assert got["Status"] == "SUCCEEDED" and got["ChangeSet"][0]["DetailsDocument"]["Version"]["VersionTitle"] == "2.0", got
    try:
        start(catalog, change("UpdateInformation", newest, {"Sku": "1"}))
        raise SystemExit("a stale revision was taken")
    except catalog.client.exceptions.ValidationException as e:
        assert SOLD + "@" in e.response["Error"]["Message"], e

    # The buyer has it.
    buyer = box.client("ec2", "customer")
    sold = buyer.describe_images(Owners=["aws-marketplace"], Filters=[{"Name": "name", "Values": ["Sold Thing 2.0*"]}])["Images"]
    buyer.run_instances(ImageId=sold[0]["ImageId"], InstanceType="m5.large", MinCount=1, MaxCount=1)

    # Restrict.
    options = [o["Id"] for v in versions(catalog) if v["VersionTitle"] == "2.0" for o in v["DeliveryOptions"]]
    third = start(catalog, change("RestrictDeliveryOptions", SOLD, {"DeliveryOptionIds": options}))
    got = catalog.describe_change_set(ChangeSetId=third, **CATALOG)
    assert got["Status"] == "SUCCEEDED", got
    assert [o["Visibility"] for v in versions(catalog) for o in v["DeliveryOptions"]] == ["Public", "Restricted"]
    print("restricted")


def pending(catalog):
    wanted = [{"Name": "EntityId", "ValueList": [SOLD]}, {"Name": "Status", "ValueList": ["PREPARING", "APPLYING"]}]
    return [s["ChangeSetId"] for s in catalog.list_change_sets(FilterList=wanted, **CATALOG)["ChangeSetSummaryList"]]


def versions(catalog):
    return catalog.describe_entity(EntityId=SOLD, **CATALOG)["DetailsDocument"]["Versions"]


if __name__ == "__main__":
    main()
