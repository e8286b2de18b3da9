"""The environment names versions and machine, and nobody."""

import getpass
import json
import os
import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import glassnet
from glassnet.runs import environment


def test_versions_are_those_installed_and_nothing_is_imported_for_them():
    found = environment.environment()
    assert found["packages"]["numpy"] == metadata.version("numpy")
    assert found["glassnet"]["version"] == glassnet.__version__
    assert found["python"]["version"] == sys.version.split()[0]
    assert found["processor"]["cores"] >= 1 and found["memory_bytes"] > 2**28
    code = "import sys; from glassnet.runs import environment as e; e.environment(); print({'torch', 'numpy', 'PIL'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_it_names_nobody():
    text = json.dumps(environment.environment()) + environment.machine()
    private = [socket.gethostname(), str(Path.home()), str(Path.cwd()), str(Path(glassnet.__file__).parent)]
    assert [word for word in private if len(word) > 3 and word in text] == []
    user = getpass.getuser()
    assert f"/{user}" not in text and f'"{user}"' not in text


def test_the_commit_is_that_of_our_checkout_and_of_no_other(tmp_path, monkeypatch):
    def git(*words):
        who = ["-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    package = tmp_path / "src" / "glassnet"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(glassnet, "__file__", str(package / "__init__.py"))
    assert environment.commit() == {"commit": None, "modified": None}
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "x")
    clean = environment.commit()
    assert len(clean["commit"]) == 40 and clean["modified"] is False
    assert environment.code_version() == f"{glassnet.__version__}+g{clean['commit'][:12]}"
    (package / "__init__.py").write_text("changed")
    assert environment.commit()["modified"] is True and environment.code_version().endswith(".modified")
    inside = tmp_path / ".venv" / "lib" / "glassnet"  # installed below somebody else's project
    inside.mkdir(parents=True)
    monkeypatch.setattr(glassnet, "__file__", str(inside / "__init__.py"))
    assert environment.code_version() == glassnet.__version__


def test_a_machine_without_git_is_no_error(monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    assert environment.commit() == {"commit": None, "modified": None}
