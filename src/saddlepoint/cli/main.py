"""The console script: runs a command and turns errors into exit codes.

0 done; 2 the input was wrong (one sentence, no traceback); 3 done, but a finding of the severity named by `--fail-on` is
active; 130 interrupted. Help needs only the standard library.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from saddlepoint.cli.commands import COMMANDS
from saddlepoint.cli.program import typed
from saddlepoint.errors import SaddlepointError, SettingError, is_out_of_memory, printable, shortened, suggestion

DONE, WRONG_INPUT, INTERRUPTED = 0, 2, 130  # 3, a finding, is said by `saddlepoint.cli.ending`

# Errors of the operating system that only the user can fix.
_USERS_ERRORS = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP,
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (by default this process's) and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as leaving:
        last = traceback.extract_tb(leaving.__traceback__)[-1]
        if last.filename == argparse.__file__:  # it has printed a command's help
            return DONE
        # Only code that a recipe or a run imports can have done this: none of ours does.
        print(f"saddlepoint: {last.filename}, line {last.lineno} called sys.exit({leaving}).", file=sys.stderr)
        return WRONG_INPUT
    except SaddlepointError as error:
        print(f"saddlepoint: {typed(str(error))}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        # From here to the end another Ctrl-C would only print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("saddlepoint: interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left (`| head`). Python flushes stdout again at exit: let that succeed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (MemoryError, RuntimeError, OSError) as error:
        if is_out_of_memory(error):
            print(f"saddlepoint: {OUT_OF_MEMORY}", file=sys.stderr)
            return WRONG_INPUT
        if not isinstance(error, OSError) or error.errno not in _USERS_ERRORS:
            raise
        where = printable(shortened(str(error.filename or "writing")))
        print(f"saddlepoint: {where}: {error.strerror}.", file=sys.stderr)
        return WRONG_INPUT


OUT_OF_MEMORY = (
    "the memory of this machine does not suffice for that: lower training.batch_size, evaluation.samples or the sizes of "
    "the networks, or use fewer or smaller examples (data.limit, data.size)."
)


def overview() -> str:
    """What `saddlepoint --help` prints."""
    commands = "\n".join(f"  {name:<9} {line}" for name, (_, line) in COMMANDS.items())
    return f"""\
Saddlepoint trains generative models, tells you while it trains whether they are failing and why, and measures how good
they are.

usage: saddlepoint COMMAND ...

{commands}

`saddlepoint COMMAND --help` explains one; `saddlepoint --version` prints the version.
{typed("To begin: saddlepoint train dcgan-digits")}
"""


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview(), end="")
        return DONE
    if arguments[0] == "--version":
        from importlib.metadata import version

        print(f"saddlepoint {version('saddlepoint')}")
        return DONE
    command = arguments[0]
    if command not in COMMANDS:
        raise SettingError(
            f'there is no command "{command}".{suggestion(command, COMMANDS)} `saddlepoint --help` lists them all.'
        )
    code: int = import_module(COMMANDS[command][0]).run(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(main())
