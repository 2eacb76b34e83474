#!/usr/bin/env python3
"""Writes templates.json: templates.py's templates over conversations.py's conversations as transformers renders them
(null where it refuses). Needs transformers and jinja2; made with transformers 5.24.0 and jinja2 3.1.6."""
import json
import pathlib

import conversations
import templates


def rendered(template, variables):
    try:
        return conversations.render(template, variables)
    except Exception:  # whatever Jinja or the template raises
        return None


def golden():
    # Not every combination: the golden file stays small.
    kept = [(label, variables) for label, variables in conversations.cases()
            if "thinking True" not in label and "2 tools" not in label and
            ("1 tools" not in label or "call" in label) and ("thinking None" in label or ", open" in label)]
    families = []
    for name, template in templates.FAMILIES.items():
        texts = [rendered(template, variables) for _, variables in kept]
        families.append({"name": name, "template": template, "texts": texts})
    snippets = [{"template": snippet, "text": rendered(snippet, templates.SNIPPET_VARIABLES)}
                for snippet in templates.SNIPPETS]
    return {"cases": [{"name": label, "variables": variables} for label, variables in kept],
            "families": families, "snippet_variables": templates.SNIPPET_VARIABLES, "snippets": snippets}


if __name__ == "__main__":
    out = pathlib.Path(__file__).parent / "templates.json"
    out.write_text(json.dumps(golden(), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(out.stat().st_size, "bytes")
