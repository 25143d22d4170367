"""Runs the AWS CLI in forks of a process that has loaded it.

    forked_aws.py SOCKET [ARGUMENT...]

Loading it takes most of a call's time, and scripts make hundreds of calls. Without arguments
this is the server, which ends with its standard input; with them, the command.
"""
import os
import socket
import sys


def command(path, args):
    import json

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(path)
        socket.send_fds(s, [json.dumps([args, dict(os.environ), os.getcwd()]).encode()], [0, 1, 2])
        return s.recv(1)[0]


def serve(path):
    import functools
    import gc
    import select
    import signal

    from awscli import clidriver
    from botocore import loaders

    loaders.JSONFileLoader.load_file = functools.lru_cache(None)(loaders.JSONFileLoader.load_file)
    loaders.JSONFileLoader.__hash__ = lambda self: 0  # all of them read the same files
    loaders.JSONFileLoader.__eq__ = lambda self, other: True
    loaders.create_loader = functools.lru_cache(None)(loaders.create_loader)  # with what it has found
    session = clidriver.create_clidriver().session
    for service in ("ec2", "ssm", "sts", "service-quotas", "marketplace-catalog"):
        session.get_service_model(service)
        session.create_client(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    gc.collect()
    gc.freeze()  # a collection in a fork would copy all that it looks at
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.bind(path)
        s.listen(64)
        print("ready", sys.executable, flush=True)
        while True:
            ready, _, _ = select.select([s, sys.stdin], [], [])
            if sys.stdin in ready:
                return 0
            call, _ = s.accept()
            if os.fork() == 0:
                os._exit(answer(call, clidriver))
            call.close()


def answer(call, clidriver):
    import json
    import signal

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, fds, _, _ = socket.recv_fds(call, 1 << 20, 3)
    args, env, directory = json.loads(message)
    for at, fd in enumerate(fds):
        os.dup2(fd, at)
    found = os.environ["AWS_DATA_PATH"]  # set when it was loaded
    os.environ.clear()
    os.environ.update({"AWS_DATA_PATH": found, **env})
    os.chdir(directory)
    sys.argv = ["aws", *args]
    try:
        code = clidriver.create_clidriver().main(args)
    except SystemExit as e:
        code = e.code or 0
    except BaseException as e:
        print(repr(e), file=sys.stderr)
        code = 255
    sys.stdout.flush()
    sys.stderr.flush()
    call.send(bytes([code]))
    return 0


if __name__ == "__main__":
    path, *args = sys.argv[1:]
    sys.exit(command(path, args) if args else serve(path))
