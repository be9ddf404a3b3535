"""The manual pages: what docs/mkman takes out of a program's help, and that it loses nothing of it."""

import subprocess
from pathlib import Path

import pytest

MKMAN = Path(__file__).resolve().parents[2] / "docs" / "mkman"
HELP = """\
Usage:
  tool [OPTION…] VERB [ARGUMENT…]

Help Options:
  -h, --help                   Show help options

Application Options:
  --limit=RATE                 Of what is fetched

Verbs:
  {verbs}

'tool VERB --help' tells more about a verb.
"""
VERB_HELP = """\
Usage:
  tool $* [OPTION…]

Does something.

Help Options:
  -h, --help                   Show help options

Application Options:
  --limit=RATE                 Of what is fetched by $*
"""


def page(folder, *verbs):
    """Makes the page of a program that has these verbs."""
    tool = folder / "tool"
    text = HELP.format(verbs="\n  ".join(verbs))
    script = f"#!/bin/sh\nif [ $# = 1 ]; then cat <<'E'\n{text}E\nelse cat <<E\n{VERB_HELP}E\nfi\n"
    tool.write_text(script.replace("$*", "${@%--help}"), encoding="utf-8")
    tool.chmod(0o755)
    (folder / "tool.1.in").write_text(".SH VERBS\n@verbs tool\n", encoding="utf-8")
    argv = [MKMAN, folder / "tool.1.in", folder, "v1"]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_every_verb_of_the_help_is_in_the_page_with_its_options(tmp_path):
    done = page(tmp_path, "facts    [FILE…]      print facts", "deliver               send them",
                "prestage URL REF      pull it", "iso seed   put it in", "iso show IMAGE  show it")
    assert done.returncode == 0, done.stderr
    verbs = ["facts", "deliver", "prestage", "iso seed", "iso show"]
    shown = [line.split(" ", 2)[2].partition("[")[0].strip() for line in done.stdout.splitlines() if ".SS" in line]
    assert shown == verbs and done.stdout.count("\\fB\\-\\-limit\\fR=") == len(verbs)


@pytest.mark.parametrize("line", ["fetch-all  fetch it", "fetch <URL>  fetch it", "fetch"])
def test_a_verb_that_is_not_understood_makes_no_page(tmp_path, line):
    done = page(tmp_path, "facts  print facts", line)
    assert done.returncode == 1 and f"tool: a verb's line is not understood: '  {line}'" in done.stderr
