"""Records which output members the sandbox's answers had, as boto3 read them,
and holds them against botocore's service models and the lists of what is left
out (omitted.txt: operation, path, reason; operation and path are patterns in
which * stands for any text, and a path covers what is below it)."""

import fnmatch


class Witness:
    def __init__(self, session):
        self.seen = {}  # (service, operation) -> set of paths
        session.register("after-call.*.*", self.record)

    def record(self, http_response, parsed, model, **_):
        if http_response.status_code >= 300:
            return
        paths = self.seen.setdefault((model.service_model.service_name, model.name), set())
        if model.output_shape is not None:
            paths.update(present(model.output_shape, parsed))


def present(shape, value, path=()):
    """The paths that a parsed answer has."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            if name in value:
                yield ".".join(path + (name,))
                yield from present(member, value[name], path + (name,))
    elif shape.type_name == "list":
        for item in value:
            yield from present(shape.member, item, path)
    elif shape.type_name == "map":
        for item in value.values():
            yield from present(shape.value, item, path)


def documented(shape, path=(), above=()):
    """The paths that a model documents; a recursive shape is walked once."""
    if shape.type_name == "structure":
        if shape.name in above:
            return
        for name, member in shape.members.items():
            yield ".".join(path + (name,))
            yield from documented(member, path + (name,), above + (shape.name,))
    elif shape.type_name == "list":
        yield from documented(shape.member, path, above)
    elif shape.type_name == "map":
        yield from documented(shape.value, path, above)


def read_omitted(file):
    """[(operation, path, reason)] of a list; a line without a reason is an error."""
    entries = []
    with open(file) as lines:
        for n, line in enumerate(lines, 1):
            words = line.split(None, 2)
            if not words or words[0].startswith("#"):
                continue
            if len(words) < 3:
                raise SystemExit(f"{file}:{n}: want: operation, path, reason")
            entries.append((words[0], words[1], words[2].strip()))
    return entries


def covers(entry, operation, path):
    """A path covers itself and what is below it."""
    if not fnmatch.fnmatchcase(operation, entry[0]):
        return False
    parts = path.split(".")
    return any(fnmatch.fnmatchcase(".".join(parts[:n]), entry[1]) for n in range(1, len(parts) + 1))


def compare(model, operations, seen, omitted):
    """Returns (problems, notes) for a service."""
    problems, notes, used = [], [], set()
    unknown = [op for op in operations if op not in model.operation_names]
    if unknown:
        notes.append(f"{model.service_name}: {len(unknown)} operations that this botocore does not know: {' '.join(unknown)}")
    for op in operations:
        if op in unknown:
            continue
        have = seen.get((model.service_name, op))
        if have is None:
            problems.append(f"{model.service_name} {op}: no call of it succeeded")
            continue
        shape = model.operation_model(op).output_shape
        for path in sorted(set(documented(shape))) if shape is not None else []:
            by = [e for e in omitted if covers(e, op, path)]
            used.update(by)
            if path in have and by:
                problems.append(f"{model.service_name} {op}: {path} is listed as left out, but was seen")
            if path not in have and not by:
                problems.append(f"{model.service_name} {op}: {path} was never seen")
    unused = [f"{op} {path}" for op, path, _ in omitted if (op, path, _) not in used]
    if unused:
        notes.append(f"{model.service_name}: {len(unused)} entries of the list name what this botocore does not document: {', '.join(unused)}")
    return problems, notes
