"""Notebooks that end their own kernel, in every way."""

from __future__ import annotations

from hostile.catalogue import Attack

_MARK = "mark()\ntime.sleep(0.5)\n"

ATTACKS = tuple(
    Attack(
        name,
        "death",
        tries,
        (_MARK + cell,),
        status="kernel_died",
        stopped_in=0,
        message=r"cell 4 \(which had been running for \d+\.\d s\): " + how + r".*; the code cell after it",
        held_by="runner process",
    )
    for name, tries, cell, how in (
        ("os-exit", "Leave without a word.", "os._exit(0)", "the kernel ended with exit status 0"),
        (
            "os-exit-like-the-shim",
            "Leave with the status that the sandbox itself uses.",
            "os._exit(97)",
            "the kernel ended with exit status 97",
        ),
        ("sigkill-self", "Kill oneself.", "os.kill(os.getpid(), signal.SIGKILL)", "the kernel ended by SIGKILL"),
        ("segfault", "Read from address zero.", "ctypes.string_at(0)", "the kernel ended by SIGSEGV"),
        ("abort", "Abort, as TensorFlow does in C++.", "os.abort()", "the kernel ended by SIGABRT"),
        (
            "become-another-program",
            "Become another program, which goes on living.",
            'os.execv("/bin/sleep", ["sleep", "2"])',
            "the kernel ended with exit status 0",
        ),
        ("exit-and-quit", "Call exit(), as one does in a script.", "exit()", r"it called exit\(\)"),
        (
            "stack-overflow",
            "Nest a value so deep that C runs out of stack.",
            "deep = []\nfor _ in range(10**6):\n    deep = [deep]\nsys.setrecursionlimit(10**9)\nrepr(deep)",
            "the kernel ended by SIGSEGV",
        ),
    )
)
