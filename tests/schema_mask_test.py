#!/usr/bin/env python3
"""Random JSON schemas, random replies under their masks: every reply parses, and jsonschema says that it follows.

  schema_mask_test.py SCHEMA_SAMPLE [--model FILE.gguf] [--schemas N] [--seed S]

Exits with 77 where jsonschema (python3-jsonschema) or the model is missing.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("jsonschema is not installed (python3-jsonschema)")
    sys.exit(77)


class Schemas:
    """Draws schemas of what is supported."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *options):
        return self.random.choice(options)

    def maybe(self, chance=0.5):
        return self.random.random() < chance

    def schema(self, depth=0):
        leaves = [self.string, self.integer, self.number, self.boolean, self.null, self.enum, self.const]
        inner = [self.object, self.array, self.tuple, self.any_of, self.types, self.map]
        makers = leaves if depth >= 3 else leaves + inner * 2
        return self.random.choice(makers)(depth)

    def string(self, _):
        out = {"type": "string"}
        kind = self.random.randrange(5)
        if kind == 0:
            out["maxLength"] = self.random.randrange(0, 12)
        elif kind == 1:
            low = self.random.randrange(0, 6)
            out["minLength"], out["maxLength"] = low, low + self.random.randrange(0, 6)
        elif kind == 2:
            out["pattern"] = self.pick(r"^[a-z]{2,5}$", r"^\d{3}-\d{4}$", r"^(red|green|blue)( dark)?$", r"^[^\"x]*y$",
                                       r"^\w+@\w+\.(com|org)$", r"foo", r"^a.c$", r"^[\"\\\/\n]+$", r"end$", r"^[\u00e4\u4e00-\u4eff]{1,3}$")
        elif kind == 3:
            out["format"] = self.pick("date", "time", "date-time", "uuid", "uri")
        return out

    def bounds(self, out, draw):
        low = draw()
        high = low + abs(draw())
        if self.maybe(0.7):
            out[self.pick("minimum", "minimum", "exclusiveMinimum")] = low
        if self.maybe(0.7):
            out[self.pick("maximum", "maximum", "exclusiveMaximum")] = round(high + 2, 6)
        return out

    def integer(self, _):
        return self.bounds({"type": "integer"}, lambda: self.random.randrange(-10 ** self.random.randrange(1, 7),
                                                                              10 ** self.random.randrange(1, 7)))

    def number(self, _):
        return self.bounds({"type": "number"}, lambda: round(self.random.uniform(-10 ** self.random.randrange(0, 5),
                                                                                10 ** self.random.randrange(0, 5)),
                                                             self.random.randrange(0, 5)))

    def boolean(self, _):
        return {"type": "boolean"}

    def null(self, _):
        return {"type": "null"}

    def value(self):
        return self.pick(1, -2.5, "two", "q\"\\\n\u00e9", None, True, [1, "a"], {"k": [None]}, [], {})

    def enum(self, _):
        return {"enum": [self.value() for _ in range(self.random.randrange(1, 5))]}

    def const(self, _):
        return {"const": self.value()}

    def object(self, depth):
        names = self.random.sample(["a", "b", "name", "the key", "q\"uote", "\u00fc", "x1"], self.random.randrange(0, 5))
        out = {"type": "object", "properties": {name: self.schema(depth + 1) for name in names}}
        needed = [name for name in names if self.maybe()]
        if needed or self.maybe():
            out["required"] = needed
        if self.maybe():
            out["additionalProperties"] = False
        return out

    def map(self, depth):
        return {"type": "object", "additionalProperties": self.pick(True, False, self.schema(depth + 1))}

    def array(self, depth):
        out = {"type": "array"}
        if self.maybe(0.8):
            out["items"] = self.schema(depth + 1)
        low = self.random.randrange(0, 3)
        if self.maybe():
            out["minItems"] = low
        if self.maybe():
            out["maxItems"] = low + self.random.randrange(0, 3)
        return out

    def tuple(self, depth):
        out = {"type": "array", "prefixItems": [self.schema(depth + 1) for _ in range(self.random.randrange(1, 4))]}
        if self.maybe():
            out["items"] = False
        return out

    def any_of(self, depth):
        return {"anyOf": [self.schema(depth + 1) for _ in range(self.random.randrange(1, 4))]}

    def types(self, _):
        return {"type": self.random.sample(["string", "null", "integer", "boolean"], 2)}

    def root(self):
        schema = self.schema()
        if self.maybe(0.2):  # one that holds itself
            return {"$defs": {"node": {"type": "object", "properties": {"v": schema, "next": {"anyOf": [
                {"$ref": "#/$defs/node"}, {"type": "null"}]}}, "required": ["v", "next"]}}, "$ref": "#/$defs/node"}
        return schema


UNSUPPORTED = [
    {"not": {"type": "string"}}, {"type": "number", "multipleOf": 3}, {"type": "array", "uniqueItems": True},
    {"patternProperties": {"a": {}}}, {"if": {}, "then": {}}, {"$ref": "http://example.com/x"},
    {"type": "string", "pattern": "(?=a)"}, {"type": "string", "pattern": "a", "maxLength": 3},
    {"allOf": [{"type": "string"}, {"maxLength": 3}]}, {"oneOf": [{"type": "string"}, {"type": "string", "maxLength": 1}]},
    {"type": "object", "minProperties": 1}, {"$ref": "#"}, {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    {"type": "object", "properties": {"x": {"$ref": "#"}}, "required": ["x"]}, {"type": "text"}, {"enum": []}, False,
    {"type": "integer", "minimum": 3, "maximum": 2}, {"type": "string", "minLength": 3, "maxLength": 2},
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    data = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share")
    parser.add_argument("--model", default=data / "coda/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--schemas", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not pathlib.Path(options.model).exists():
        print("the packaged model is not there (script/fetch-models)")
        return 77
    process = subprocess.Popen([options.binary, str(options.model)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(schema, seed, count):
        process.stdin.write(json.dumps({"schema": schema, "seed": seed, "count": count}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    failures = texts = unfinished = 0
    schemas = Schemas(options.seed)
    for number in range(options.schemas):
        schema = schemas.root()
        answer = ask(schema, number, 6)
        if "error" in answer:
            # Draws may leave no number between two exclusive bounds; nothing else may be refused.
            if answer["code"] != "invalid_argument":
                failures += 1
                print(f"{json.dumps(schema)}: {answer['error']}")
            continue
        validator = jsonschema.Draft202012Validator(schema)
        unfinished += answer["unfinished"]
        for text in answer["texts"]:
            texts += 1
            try:
                validator.validate(json.loads(text))
            except (ValueError, jsonschema.ValidationError) as error:
                failures += 1
                print(f"{json.dumps(schema)}: {text!r}: {str(error).splitlines()[0]}")
    for schema in UNSUPPORTED:
        answer = ask(schema, 1, 1)
        if "error" not in answer:
            failures += 1
            print(f"{json.dumps(schema)} is not refused: {answer['texts']}")
    process.stdin.close()
    print(f"{options.schemas} schemas, {texts} replies, {unfinished} of them not at their end after 600 tokens, "
          f"{failures} failures")
    return 1 if failures or texts < 3 * options.schemas or unfinished > texts / 10 else 0


if __name__ == "__main__":
    sys.exit(main())
