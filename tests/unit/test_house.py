# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The size limits of the house: what grows beyond them is divided, or the limit is changed here with a reason."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

# Pattern -> lines at which one stops.
FILE_LIMITS = {
    "plugins/modules/*.py": 350,
    "plugins/module_utils/**/*.py": 300,
    "plugins/[!dm]*/*.py": 300,
    # Documentation only: the options of one module, which cannot be divided.
    "plugins/doc_fragments/*.py": 400,
    "scripts/*": 300,
    "tests/**/*.py": 250,
    "playbooks/**/*.yml": 60,
    "roles/*/tasks/**/*.yml": 120,
    "roles/*/handlers/*.yml": 120,
    # One engine host has many boundaries, each with its switch; Ansible reads a role's defaults from one place.
    "roles/*/defaults/*.yml": 90,
    "molecule/**/*.yml": 120,
}
FUNCTION_LIMIT = 40
# Statements of a module beside its documentation and its constants (the argument specification is data).
MODULE_CODE_LIMIT = 100
BLOCK_DEPTH_LIMIT = 2
LINE_LIMIT = 120
LINES_OF = (".py", ".yml", ".yaml", ".sh", ".cfg", ".toml")


def tracked():
    """The files of the repository: what git knows or would take, without the links to itself."""
    command = ["git", "ls-files", "-z", "-co", "--exclude-standard", "--", ".", ":!collections"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(Path(name) for name in done.stdout.split("\0") if name and (ROOT / name).is_file())


FILES = tracked()


def matching(*patterns):
    """The tracked files that one of the patterns fits."""
    fitting = {path.relative_to(ROOT) for pattern in patterns for path in ROOT.glob(pattern)}
    return [path for path in FILES if path in fitting]


def code_lines(source):
    """Lines of code of a module: no blank lines, no comments, no documentation, no constants."""
    skipped = set()
    for node in ast.parse(source).body:
        constant = isinstance(node, ast.Assign) and all(
            isinstance(t, ast.Name) and t.id.isupper() for t in node.targets
        )
        typed = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id.isupper()
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if constant or typed or text:
            skipped.update(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(source.splitlines(), start=1)
    return sum(1 for number, line in lines if number not in skipped and line.strip() and line.strip()[0] != "#")


def long_functions(source):
    """Functions beyond the limit, as (name, lines); a decorator does not count."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    lengths = [(node.name, node.end_lineno - node.lineno + 1) for node in nodes]
    return [(name, length) for name, length in lengths if length > FUNCTION_LIMIT]


def block_depth(tasks):
    """How deep blocks lie in one another."""
    inner = [task[key] for task in tasks or [] for key in ("block", "rescue", "always") if key in task]
    return 1 + max(map(block_depth, inner)) if inner else 0


@pytest.mark.parametrize("pattern", FILE_LIMITS)
def test_files_are_small(pattern):
    sizes = {str(path): len((ROOT / path).read_bytes().splitlines()) for path in matching(pattern)}
    assert {name: size for name, size in sizes.items() if size > FILE_LIMITS[pattern]} == {}


def test_functions_are_small():
    long = {str(path): long_functions((ROOT / path).read_text()) for path in FILES if path.suffix == ".py"}
    assert {name: functions for name, functions in long.items() if functions} == {}


def test_modules_only_connect():
    sizes = {str(path): code_lines((ROOT / path).read_text()) for path in matching("plugins/modules/*.py")}
    assert {name: size for name, size in sizes.items() if size > MODULE_CODE_LIMIT} == {}


def test_blocks_do_not_lie_deep_in_one_another():
    depths = {
        str(path): block_depth(yaml.safe_load((ROOT / path).read_text())) for path in matching("roles/*/tasks/**/*.yml")
    }
    assert {name: depth for name, depth in depths.items() if depth > BLOCK_DEPTH_LIMIT} == {}


def test_lines_are_short():
    long = [
        f"{path}:{number}"
        for path in FILES
        if path.suffix in LINES_OF
        for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1)
        if len(line) > LINE_LIMIT
    ]
    assert long == []


def imports_at_run_time(node):
    """The first words of all modules that are imported; what only a type checker reads is left out."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return set()
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    names += [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
    inner = [imports_at_run_time(child) for child in ast.iter_child_nodes(node)]
    return {name.split(".")[0] for name in names}.union(*inner)


def test_only_the_engine_adapter_imports_the_docker_sdk():
    sources = {str(path): ast.parse((ROOT / path).read_text()) for path in matching("plugins/**/*.py")}
    importing = {path for path, tree in sources.items() if "docker" in imports_at_run_time(tree)}
    assert importing <= {"plugins/module_utils/engine/engine.py"}


def test_the_measures_themselves():
    source = '"""Doc."""\nDOCUMENTATION = """\na\n"""\nARGUMENT_SPEC: dict = {\n}\n# why\n\ndef run():\n    return 1\n'
    assert code_lines(source) == 2
    assert long_functions("def a():\n" + "    pass\n" * FUNCTION_LIMIT) == [("a", FUNCTION_LIMIT + 1)]
    assert long_functions("def a():\n" + "    pass\n" * (FUNCTION_LIMIT - 1)) == []
    assert block_depth([{"block": [{"rescue": [{}]}]}, {"name": "flat"}]) == 2
    guarded = "if TYPE_CHECKING:\n    import a.b\ntry:\n    from c.d import e\nexcept ImportError:\n    pass\n"
    assert imports_at_run_time(ast.parse(guarded)) == {"c"}
