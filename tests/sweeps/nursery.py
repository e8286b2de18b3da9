"""Imports what a sweep needs once and forks a command for each line on standard input, so that killing many takes seconds."""

import json
import os
import signal
import sys


def serve():
    import torch  # noqa: F401

    import glassnet.evaluation.scores
    import glassnet.pipeline.jobs
    import glassnet.report.sweep.write
    import glassnet.sweeps.start
    import glassnet.training.fitting  # noqa: F401
    from glassnet.cli import main

    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork() or be(main, asked)
        print(json.dumps(answer), flush=True)


def be(main, asked):
    """Be the command, in a process group of its own, as a shell starts it in the foreground: one in the background is deaf to Ctrl-C."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 70
    try:
        code = main(asked["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
