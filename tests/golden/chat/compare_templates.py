#!/usr/bin/env python3
"""Renders chat templates with transformers and with Coda's interpreter, and tells where they differ.

  compare_templates.py JINJA_RENDER FOLDER_OR_GGUF...

JINJA_RENDER is build/release/tests/support/coda_jinja_render. A folder holds *.jinja files, such as
vendor/llama.cpp/models/templates in the source package of llama-cpp-python; of a GGUF its tokenizer.chat_template is
taken (needs the package gguf). Needs transformers and jinja2. What the templates say stays with their models: none of
it is kept here.
"""
import json
import pathlib
import subprocess
import sys

import conversations


def templates(paths):
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            for file in sorted(path.glob("*.jinja")):
                yield file.stem, file.read_text(encoding="utf-8")
        else:
            import gguf
            field = gguf.GGUFReader(path).fields["tokenizer.chat_template"]
            yield path.stem, bytes(field.parts[field.data[0]]).decode()


def main(binary, paths):
    process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    total = wrong = refused = 0
    for name, template in templates(paths):
        differing = []
        for label, variables in conversations.cases():
            total += 1
            try:
                expected = conversations.render(template, variables)
            except Exception as error:  # whatever Jinja or the template raises
                expected = None
                said = f"{type(error).__name__}: {error}"
                refused += 1
            process.stdin.write(json.dumps({"template": template, "variables": variables}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            answer = json.loads(line)
            if expected is None:
                if "error" not in answer:
                    differing.append((label, f"refused by transformers ({said}), rendered by Coda"))
            elif answer.get("text") != expected:
                at = next((i for i, (a, b) in enumerate(zip(answer.get("text", ""), expected)) if a != b), 0)
                differing.append((label, answer.get("error") or
                                  f"at {at}: {answer['text'][at - 30:at + 40]!r} not {expected[at - 30:at + 40]!r}"))
        wrong += len(differing)
        print(f"{name}: {'same' if not differing else f'{len(differing)} differ'}")
        for label, why in differing[:3]:
            print(f"    {label}: {why}")
    process.stdin.close()
    print(f"{total} renderings, {refused} of them refused by the template, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
