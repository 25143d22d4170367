"""Runs the scenarios and compares. Standard input has, as JSON, the operations
of each service (botocore's name) and the file of what it leaves out."""

import json
import sys

import botocore

import scenario_ec2
import scenario_others
import witness
import world


SCENARIOS = {
    "sts": scenario_others.sts,
    "service-quotas": scenario_others.quotas,
    "ssm": scenario_others.ssm,
    "ec2": scenario_ec2.run,
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
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
