"""The code inside the student's kernel: it watches libraries and tells what it saw.

Standard library only at import, no import of the host, never a judgement. The folder is mounted in the sandbox and
loaded under another package name, so its modules import each other relatively only.
"""
