#!/usr/bin/env python3
"""The style as a test: which room may include which, names, headers, lengths, and what must never be committed.

  tests/tidy.py [ROOT]             every rule
  tests/tidy.py --format [ROOT]    clang-format's opinion instead

Prints one line for each break of a rule and ends with status 1 if there was one.
"""
import pathlib
import re
import shutil
import subprocess
import sys

# Who may include whom (docs/architecture.md); every room may include itself and base.
ARROWS = {
    "base": set(),
    "net": set(),
    "audio": set(),
    "runtime": set(),
    "models": {"runtime", "audio", "net"},
    "tune": {"runtime"},
    "monitor": set(),
    "memory": set(),
    "personality": set(),
    "tools": {"net"},
    "assistant": {"models", "memory", "personality", "tools", "audio", "runtime"},
    "server": {"assistant", "monitor"},
    "app": {"net", "audio", "runtime", "models", "tune", "monitor", "memory", "personality", "tools", "assistant",
            "server"},
}
BANNED_NAMES = ("Manager", "Helper", "Utils", "Util", "Optimizer", "Integration")
CLANG_FORMAT = 14  # Debian 12's; other versions lay some lines out differently
SKIPPED = 77  # as CTest is told
LONGEST_FILE = 700  # lines of a source file
SOURCES = {".cpp", ".h"}
TEXTS = SOURCES | {".py", ".md", ".txt", ".toml", ".cmake", ".sh", ".in", ".json", ".tsv", ""}
# Spelled in pieces, so that this file keeps its own rules.
MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(?:work|ro" + r"ot)/\w|/ho" + r"me/\w+/")
REGISTRIES = re.compile("|".join(name.replace(".", r"\.") for name in
                                 ("py" + "pi.org", "files.python" + "hosted.org", "registry.npm" + "js.org",
                                  "proxy.gol" + "ang.org", "crates" + ".io", "conda" + ".anaconda.org")))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
TYPE_NAME = re.compile(r"^\s*(?:template\s*<[^>]*>\s*)?(?:class|struct|enum class|enum)\s+(?:\[\[\w+\]\]\s*)?(\w+)", re.M)
PARSER_TARGET = re.compile(r"^coda_fuzz\((\w+)", re.M)


class Report:
    def __init__(self, root):
        self.root = root
        self.count = 0

    def __call__(self, path, line, message):
        self.count += 1
        print(f"{path.relative_to(self.root)}:{line}: {message}")


def tracked_files(root):
    """What git knows or would add; a checkout without git falls back to everything but build/."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True, check=False)
    if listed.returncode == 0:
        return [root / name for name in listed.stdout.decode().split("\0") if name and (root / name).is_file()]
    return [path for path in root.rglob("*") if path.is_file() and "build" not in path.relative_to(root).parts]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_arrows(path, text, report):
    room = path.relative_to(report.root / "src").parts[0]
    if room not in ARROWS:
        report(path, 1, f"{room} is no room of docs/architecture.md")
        return
    for include in INCLUDE.finditer(text):
        target = include.group(1).split("/")[0]
        if target == "tests" and path.name.endswith("_test.cpp"):
            continue  # what tests share lies in tests/support
        if "/" not in include.group(1):
            report(path, line_of(text, include.start()), f'"{include.group(1)}": includes are relative to src/')
        elif target not in ARROWS:
            report(path, line_of(text, include.start()), f'"{include.group(1)}": {target} is no room')
        elif target not in ARROWS[room] | {room, "base"}:
            report(path, line_of(text, include.start()), f"{room} may not include {target}")


def check_header(path, text, report):
    if not text.startswith("//"):
        report(path, 1, "a header opens with a comment: what it is for, its thread safety, who owns what")
    if path.stem.endswith("_body"):
        return  # included several times on purpose
    if text.count("#pragma once") != 1 or re.search(r"^#ifndef \w+_H_?$", text, re.M):
        report(path, 1, "a header has #pragma once and no other guard")


def check_names(path, text, report):
    if not re.fullmatch(r"[a-z0-9_]+", path.stem):
        report(path, 1, "files are named in snake_case")
    for match in TYPE_NAME.finditer(text):
        if any(match.group(1).endswith(name) or match.group(1).startswith(name) for name in BANNED_NAMES):
            report(path, line_of(text, match.start()), f"{match.group(1)}: say what it does instead")
    if any(word in path.stem.split("_") for word in ("manager", "helper", "helpers", "utils", "util")):
        report(path, 1, "say what the file is for in its name")


def check_source(path, text, report):
    check_names(path, text, report)
    lines = text.count("\n")
    if lines > LONGEST_FILE:
        report(path, lines, f"{lines} lines; split what is over {LONGEST_FILE} by topic")
    if path.suffix == ".h":
        check_header(path, text, report)
    if path.is_relative_to(report.root / "src"):
        check_arrows(path, text, report)
        if path.suffix == ".h" and (match := re.search(r"\busing namespace ", text)):
            report(path, line_of(text, match.start()), "no using namespace in a header")


def check_text(path, text, report):
    if text and not text.endswith("\n"):
        report(path, line_of(text, len(text)), "no newline at the end")
    for number, line in enumerate(text.splitlines(), 1):
        if path.suffix in SOURCES | {".py", ".cmake", ".toml", ".in"} or path.name == "CMakeLists.txt":
            if "\t" in line:
                report(path, number, "a tab")
            if line != line.rstrip():
                report(path, number, "space at the end of the line")
        if MACHINE_PATHS.search(line):
            report(path, number, "a path of one machine")
        if REGISTRIES.search(line):
            report(path, number, "the host of a package registry")


def check_tests(root, files, report):
    """A unit test lies beside what it tests, or names a topic of its folder; every fuzz target is built."""
    for path in files:
        if path.name.endswith("_test.cpp") and path.is_relative_to(root / "src"):
            folder = path.parent
            if not any(other.suffix in SOURCES and not other.name.endswith("_test.cpp") for other in folder.iterdir()):
                report(path, 1, "a unit test lies beside its source")
    fuzz = root / "fuzz"
    listed = set(PARSER_TARGET.findall((fuzz / "CMakeLists.txt").read_text()))
    targets = {path.stem for path in files if path.parent == fuzz and path.suffix == ".cpp"
               and "LLVMFuzzerTestOneInput" in path.read_text()}
    for name in sorted(targets - listed):
        report(fuzz / f"{name}.cpp", 1, "is not listed in fuzz/CMakeLists.txt")
    for name in sorted(listed - targets):
        report(fuzz / "CMakeLists.txt", 1, f"lists {name}, and there is no such target")


def check_all(root):
    report = Report(root)
    files = tracked_files(root)
    for path in files:
        if path.suffix not in TEXTS:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # binary data
        inside = path.relative_to(root).parts
        if path.suffix in SOURCES and "golden" not in inside:
            check_source(path, text, report)
        if "golden" not in inside and "data" not in inside:
            check_text(path, text, report)
    check_tests(root, files, report)
    return report.count


def check_format(root):
    if shutil.which("clang-format") is None:
        print("clang-format is not installed (script/bootstrap --tests)")
        return 1
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=False).stdout
    if f"version {CLANG_FORMAT}." not in version:
        print(f"skipped: the layout is clang-format {CLANG_FORMAT}'s, and this is {version.strip()}")
        return SKIPPED
    sources = [str(path) for path in tracked_files(root) if path.suffix in SOURCES and "golden" not in path.parts]
    run = subprocess.run(["clang-format", "--dry-run", "--Werror", *sources], capture_output=True, text=True, check=False)
    broken = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line})
    for path in broken:
        print(f"{pathlib.Path(path).relative_to(root)}: not as .clang-format says (clang-format -i)")
    if run.returncode != 0 and not broken:
        print(run.stderr)
    return run.returncode


def main(arguments):
    folders = [word for word in arguments if not word.startswith("--")]
    root = pathlib.Path(folders[0] if folders else pathlib.Path(__file__).parent.parent).resolve()
    return check_format(root) if "--format" in arguments else min(1, check_all(root))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
