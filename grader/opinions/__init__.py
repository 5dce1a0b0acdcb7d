"""A second opinion on prose from a language model, off unless asked for: any OpenAI-compatible endpoint.

The student's text travels as data, without names. An answer counts only where its quotes stand in that text word for
word; several are asked for and vote. What comes of it is stored as evidence and changes no level: where it differs from
the checks' own finding, a person looks. Whatever goes wrong costs nothing but the opinion.
"""

from grader.opinions.asking import SecondOpinion, Tally
from grader.opinions.endpoint import KEY_VARIABLE, Endpoint, read_endpoint
from grader.opinions.requests import require_client

__all__ = ["KEY_VARIABLE", "Endpoint", "SecondOpinion", "Tally", "read_endpoint", "require_client"]
