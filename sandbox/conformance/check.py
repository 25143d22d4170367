"""Runs the scenarios and compares. Standard input has, as JSON, the operations
of each service (botocore's name) and the file of what it leaves out."""

import json
import sys

import botocore

import scenario_ec2
import scenario_marketplace
import scenario_others
import witness
import world


# What is left out was listed against this botocore. An older one knows less,
# which is counted; a newer one documents more, which is no fault of ours.
BASELINE = "1.43.11"


def newer(version):
    def parts(v):
        return [int(n) for n in v.split(".")[:3]]
    return parts(version) > parts(BASELINE)


SCENARIOS = {
    "sts": scenario_others.sts,
    "service-quotas": scenario_others.quotas,
    "ssm": scenario_others.ssm,
    "ec2": scenario_ec2.run,
    "marketplace-catalog": scenario_marketplace.run,
}


def main():
    services = json.load(sys.stdin)
    box = world.Sandbox()
    seen = witness.Witness(box.core)
    for name in services:
        SCENARIOS[name](box)
    problems = []
    for name, service in services.items():
        model = box.core.get_service_model(name)
        found, notes = witness.compare(model, service["operations"], seen.seen, witness.read_omitted(service["omitted"]))
        problems += found
        print(f"{name}: {len(service['operations'])} operations, botocore {botocore.__version__}")
        for note in notes:
            print("note:", note)
    for what in sorted(box.unknown):
        print("note: left out of the scenario, this botocore does not know it:", what)
    if newer(botocore.__version__):
        unseen = [p for p in problems if p.endswith(" was never seen")]
        print(f"note: botocore is newer than the lists ({BASELINE}): {len(unseen)} members that it documents were not seen")
        problems = [p for p in problems if p not in unseen]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
