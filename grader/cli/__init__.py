"""Click commands: parse, call, print. The only importers of click."""
