"""Who is who: a class list, and whose row in one list is whose in another."""

from grader.roster.matching import Left, Matches, match
from grader.roster.names import same_name_forms
from grader.roster.reading import Completed, Roster, load_roster

__all__ = ["Completed", "Left", "Matches", "Roster", "load_roster", "match", "same_name_forms"]
"""`match` never guesses: what fits two people is left out, with the reason."""
