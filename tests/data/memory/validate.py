#!/usr/bin/env python3
"""Checks the memory test set: counts, that every question names a fact, and what "shares no content word" means.

  facts.txt      1,000 facts as a person tells them, one a line
  questions.tsv  200 questions that recall is judged by: kind, line of the fact in facts.txt (0: none), question
  fit.tsv        questions of the same form over the same facts, for choosing weights; none is in questions.tsv

Kinds: direct (the fact's own words), paraphrase, unshared (no content word in common), time, negation, none (nothing
in facts.txt answers it). Which questions went where was drawn by their SHA-256, before there was a ranking to be judged.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
KINDS = {"direct", "paraphrase", "unshared", "time", "negation", "none"}
# Words that carry no content: pronouns, articles, prepositions, auxiliaries, question words.
FUNCTION = set("""
    a an the this that these those i me my mine myself we us our ours you your yours he him his she her hers it its they
    them their theirs who whom whose what which when where why how there here some any each every other others another
    is am are was were be been being do does did done doing have has had having will would shall should can could may
    might must not no nor never n't t s m re ve ll d and or but if because so than then too very only just also again
    of in on at to for from by with without about into onto over under up down out off away between through during
    before after until since as back still more most much many own one get got go goes going went come comes
    """.split())


def stem(word):
    for ending in ("ings", "ing", "edly", "ied", "ies", "ed", "es", "s", "er", "ers"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e")


def content(text):
    words = re.findall(r"[a-z0-9]+", text.lower().replace("'s", " "))
    return {stem(word) for word in words if word not in FUNCTION}


def rows(name):
    for number, line in enumerate((HERE / name).read_text().splitlines(), 1):
        kind, fact, question = line.split("\t")
        yield number, kind, int(fact), question


def main():
    errors = []
    facts = (HERE / "facts.txt").read_text().splitlines()
    if len(facts) != 1000 or len(set(facts)) != 1000:
        errors.append("facts.txt has not 1,000 different facts")
    counts = {}
    for name in ("questions.tsv", "fit.tsv"):
        counts[name] = dict.fromkeys(KINDS, 0)
        for number, kind, fact, question in rows(name):
            where = f"{name}:{number}: "
            if kind not in KINDS:
                errors.append(where + f"{kind} is no kind")
                continue
            counts[name][kind] += 1
            if (kind == "none") != (fact == 0) or not 0 <= fact <= len(facts):
                errors.append(where + "names no fact")
            elif kind == "unshared" and content(question) & content(facts[fact - 1]):
                errors.append(where + f"shares {content(question) & content(facts[fact - 1])}")
    judged = counts["questions.tsv"]
    if sum(judged.values()) != 200 or judged["none"] != 40 or judged["unshared"] < 60:
        errors.append(f"questions.tsv has {judged}")
    both = {row[3] for row in rows("questions.tsv")} & {row[3] for row in rows("fit.tsv")}
    if both:
        errors.append(f"in both sets: {sorted(both)}")
    if errors:
        sys.exit("\n".join(errors))
    for name, count in counts.items():
        print(name, sum(count.values()), ", ".join(f"{kind} {count[kind]}" for kind in sorted(count)))


if __name__ == "__main__":
    main()
