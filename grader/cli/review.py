"""`grader review`: the web app in which people look at a graded class, agree or decide otherwise."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="review")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--rubric",
    metavar="NAME|FILE",
    help="The rubric that the class was graded by, where it is not one that comes with grader.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen. Others than this machine only by it."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="[default: any that is free]")
@click.option("--no-browser", is_flag=True, help="Don't open a browser; print the address only.")
def command(out: Path, rubric: str | None, host: str, port: int, no_browser: bool) -> None:  # noqa: FBT001 - click
    """Review the class graded into OUT, in your browser; stop with Ctrl-C.

    Only who has the whole address can come in. Several people can work at once: let them reach this machine by
    `ssh -L PORT:localhost:PORT`, or listen on the network with --host.
    """
    from grader.errors import ReviewError
    from grader.gradebook import Gradebook

    try:
        from grader.review import serving
    except ModuleNotFoundError as error:
        raise ReviewError(f"{error.name} is missing: pip install 'grader[review]'") from error
    with Gradebook.open_existing(out) as book:
        ready = serving.prepare(out.absolute(), serving.rubric_for(out, book, rubric), book, host, port)
        if ready.open_to:
            click.secho(
                f"OPEN TO THE NETWORK as {ready.open_to}: whoever has the address below can read and change grades, "
                "and it travels unencrypted. Only on a network that you trust.",
                fg="red", bold=True, err=True,
            )  # fmt: skip
        click.echo(f"Review desk (keep this address to yourself): {ready.address}")
        click.echo("Ctrl-C ends it; what was decided is stored at once, the files follow.")
        if not no_browser:
            serving.open_browser_soon(ready.address)
        try:
            ready.run()
        except KeyboardInterrupt:
            click.echo("ended")
        if ready.desk.writer.trouble:
            raise ReviewError(
                f"the files could not be written yet ({ready.desk.writer.trouble}): `grader regrade` will"
            )
