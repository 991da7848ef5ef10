"""The command `petarseg`: thin commands over flows and library. Heavy imports happen inside the commands, so that --help is instant."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

import typer

from cli.console import EXIT_BUG, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, err
from petarseg.errors import InternalError, PetarsegError

GRACE_S = 5.0
"""What a command has after Ctrl-C to end in order."""
COMMANDS = MappingProxyType(
    {
        "build": ("build", "demo", "phantom"),
        "status": ("status",),
        "dataset": ("validate", "export", "diff"),
        "dicom": ("index", "suv", "convert", "deidentify"),
        "reports": ("deidentify-reports", "extract", "structure"),
        "lesions": ("segment",),
        "evaluate": ("evaluate",),
        "info": ("info",),
    }
)
"""The modules of this package, in the order of --help, and the commands that each registers."""


def make_app(command: str | None = None) -> typer.Typer:
    """Return the command line: all of it, or the module of one command.

    typer evaluates the annotations of every parameter that it knows, which for all commands takes as long as importing numpy.
    """
    app = typer.Typer(
        name="petarseg",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="From a PET/CT archive (DICOM) and its reports to a lesion-level, de-identified dataset. Research use, not a medical device.",
        epilog="Start with `petarseg demo`, which makes a phantom cohort and builds a dataset from it.",
    )
    app.callback()(_no_options)
    for module in [name for name, commands in COMMANDS.items() if command in commands] or COMMANDS:
        import_module(f"cli.{module}").register(app)
    return app


def _no_options() -> None:
    """Keep the name of the command on the command line also where there is only one: typer asks for a callback then."""


def run(args: list[str] | None = None) -> int:
    """Run the command line and return the exit code; what a user can get wrong ends in a message, never in a traceback."""
    words = sys.argv[1:] if args is None else args
    with interruptions() as seen:
        return _run(words, args, seen)


@contextmanager
def interruptions() -> Iterator[list[int]]:
    """Turn the first Ctrl-C or SIGTERM into a KeyboardInterrupt, and note it: yields the list of those that came.

    SIGTERM is what schedulers and service managers send; unhandled, it would leave the private Prefect server running. Ctrl-C reaches that
    server too: what then ends the command is a lost connection, after minutes of trying again, unless it is ended before. That is safe at
    any moment: finished work is on disk, and nothing is half-written. A second Ctrl-C ends it at once.
    """
    seen: list[int] = []
    last_resort = threading.Timer(GRACE_S, end_now)
    last_resort.daemon = True

    def handle(number: int, _: object) -> None:
        seen.append(number)
        if len(seen) > 1:
            end_now()
        if number == signal.SIGINT:
            last_resort.start()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        last_resort.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def end_now() -> NoReturn:
    """End the process without waiting for anything."""
    say_interrupted()
    os._exit(EXIT_INTERRUPTED)


def _run(words: list[str], args: list[str] | None, interrupted: list[int]) -> int:
    try:
        make_app(words[0] if words else None)(args)
    except SystemExit as stop:  # typer's own way out: help, usage errors, exit codes of commands
        if interrupted:
            return say_interrupted()
        return stop.code if isinstance(stop.code, int) else EXIT_OK
    except KeyboardInterrupt:
        return say_interrupted()
    except InternalError as error:
        return say_interrupted() if interrupted else report_bug(str(error), error)
    except PetarsegError as error:
        err.print(f"[bold red]error:[/] {error_text(error)}")
        return EXIT_USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:  # no file name: it may be a patient's
        err.print(f"[bold red]error:[/] {error.strerror or type(error).__name__}: a file or folder named on the command line")
        return EXIT_USAGE
    except Exception as error:  # noqa: BLE001 - the last line of defence: say where the bug is without quoting data
        return say_interrupted() if interrupted else bug(error)
    return EXIT_OK


def say_interrupted() -> int:
    """Tell that the command was stopped from outside; return the exit code."""
    err.print("interrupted; the same command resumes")
    return EXIT_INTERRUPTED


def error_text(error: BaseException) -> str:
    """Return the message with rich's markup characters left alone."""
    from rich.markup import escape

    return escape(str(error))


def bug(error: BaseException) -> int:
    """Report an unforeseen error by class and place; the message may quote data, so it stays out unless PETARSEG_DEBUG is set."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
    return report_bug(f"{type(error).__name__} at {place}", error)


def report_bug(what: str, error: BaseException) -> int:
    """Print what is known of a bug and return its exit code."""
    err.print(f"[bold red]internal error:[/] {what}; finished work is kept. Please report it.")
    if os.environ.get("PETARSEG_DEBUG"):
        import traceback

        traceback.print_exception(error)
    else:
        err.print("PETARSEG_DEBUG=1 shows the traceback, which may quote patient data.")
    return EXIT_BUG
