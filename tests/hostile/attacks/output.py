"""Attacks with output: too much, too deep, or meant for the eyes of a terminal."""

from __future__ import annotations

from hostile.arena import Outcome
from hostile.catalogue import Attack

_CAP = "output_flood"


def _kept_small(outcome: Outcome) -> None:
    """Of a flood no more is kept than the cap, and the report stays a page."""
    assert sum(path.stat().st_size for path in outcome.folder.iterdir()) < 64 << 20
    assert len(outcome.page) < 4 << 20


def _no_escape_codes(outcome: Outcome) -> None:
    """What a terminal would obey stands in no page."""
    assert "\x1b" not in outcome.page
    assert "\x07" not in outcome.page


ATTACKS = (
    Attack(
        "print-flood",
        "output",
        "Print without end.",
        ("mark()\nwhile True:\n    print('x' * 5000)",),
        status=_CAP,
        stopped_in=0,
        message=r"cell 4 .*its outputs passed [\d,]+ bytes",
        after=_kept_small,
        held_by="cap on bytes",
    ),
    Attack(
        "one-huge-output",
        "output",
        "Send a hundred megabytes in a single message.",
        ("mark()\nfrom IPython.display import display\ndisplay({'text/plain': 'x' * 100_000_000}, raw=True)",),
        status=_CAP,
        stopped_in=0,
        message=r"cell 4 .*(larger than [\d,]+ bytes|passed [\d,]+ bytes)",
        after=_kept_small,
        held_by="cap on a message",
    ),
    Attack(
        "hundreds-of-displays",
        "output",
        "Display eight hundred things, each of them harmless.",
        (
            """
mark()
from IPython.display import display, HTML
for number in range(800):
    display(HTML(f"<b>{number}</b>"))
""",
        ),
        after=_kept_small,
        held_by="outputs kept are counted",
    ),
    Attack(
        "stderr-flood",
        "output",
        "Write to the process's own stderr and stdout, past Jupyter.",
        (
            """
mark()
block = b"e" * 1_000_000 + b"\\n"
for _ in range(300):
    os.write(2, block)
    try:
        os.write(1, block)
    except OSError as error:
        held(error)
""",
        ),
        held_by="only a tail is kept, or the cap on bytes",
        status=_CAP,
        stopped_in=0,
        message=r"its outputs passed [\d,]+ bytes",
        after=_kept_small,
    ),
    Attack(
        "deep-output",
        "output",
        "Display JSON nested so deep that who reads it runs out of stack.",
        (
            """
mark()
from IPython.display import display
deep = current = {}
for _ in range(900):
    current["a"] = {}
    current = current["a"]
display({"application/json": deep, "text/plain": "deep"}, raw=True)
shell = get_ipython()
body = '{"a":' * 200_000 + "1" + "}" * 200_000
session = shell.kernel.session
message = session.msg("display_data", {"data": {"text/plain": "x"}, "metadata": {}}, parent=shell.parent_header)
parts = session.serialize(message)
forged = ('{"data": {"application/json": ' + body + '}, "metadata": {}}').encode()
parts[-1] = forged
parts[2] = session.sign(parts[3:])
shell.kernel.iopub_socket.send_multipart([b"display_data", *parts])
time.sleep(1)
""",
        ),
        status="kernel_died",
        stopped_in=0,
        held_by="runner process",
    ),
    Attack(
        "terminal-codes",
        "output",
        "Print what a terminal obeys: escape sequences, bells, titles, links, backspaces.",
        (
            """
mark()
print("\\x1b]0;title\\x07\\x1b[2J\\x1b[8m hidden \\x1b[0m \\x1b]8;;http://example.com\\x07link\\x1b]8;;\\x07 \\x9b31m \\x1bP0q\\x1b\\\\ \\b\\b\\b\\r\\x00\\x7f")
print("\\x1b[31m" * 1000, "red", file=sys.stderr)
raise ValueError("\\x1b]0;title\\x07\\x1b[2J boo \\u202e elpmis")
""",
        ),
        status="error",
        stopped_in=0,
        message="^[^\x1b\x07]*$",
        after=_no_escape_codes,
        held_by="reports escape them",
    ),
    Attack(
        "channel-flood",
        "output",
        "Flood the channel of the probe with rubbish, and with files that never end.",
        (
            """
mark()
import base64
chunk = base64.b64encode(bytes(100_000)).decode()
for descriptor in range(3, 200):
    try:
        if not os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:"):
            continue
        own = socket.socket(fileno=os.dup(descriptor))
        if own.family != socket.AF_UNIX or own.type != socket.SOCK_STREAM or own.getsockname():
            continue
        if own.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) != b"":
            continue  # the probe's can only be written to
        own.settimeout(1)
        own.sendall(b"{" * 3_000_000 + b"\\n")
        for number in range(20_000):
            own.sendall(b'{"nonsense": ' + str(number).encode() + b"}\\n")
        for number in range(400):
            own.sendall(json.dumps({"seq": number, "kind": "artifact", "artifact": f"a{number}", "format": "npy", "part": 0, "parts": 9, "data": chunk}).encode() + b"\\n")
    except OSError as error:
        held(f"{descriptor}: {error}")
""",
        ),
        after=_kept_small,
        held_by="caps of the channel",
    ),
)
