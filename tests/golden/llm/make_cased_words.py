"""Ids of golden_strings under the pre-tokenizers that heed upper and lower case, by Hugging Face's tokenizers.

    python make_cased_words.py SmolLM2-135M-Instruct.Q4_1.gguf cased_words.bin

llama.cpp replaces these two regular expressions by approximations (all letters but a-z for upper case ...); the ids
here are those of the expressions as the models' tokenizer.json have them, over the packaged vocabulary. Text that is
not valid UTF-8 is left out.

cased_words.bin, little-endian: u32 pre-tokenizers; per pre-tokenizer u32 length, its name; u32 strings, per string
u16 index among golden_strings, u32 count, u16 ids. Of pip: tokenizers 0.23, gguf.
"""

import struct
import sys

from gguf import GGUFReader
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from golden_strings import strings

LEAD, UPPER, LOWER = r"[^\r\n\p{L}\p{N}]?", r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
# name: expression, and whether a word that is a token is that token, merges or no
PRE = {
    "tekken": (f"{LEAD}{UPPER}*{LOWER}+|{LEAD}{UPPER}+{LOWER}*" + r"|\p{N}" + REST, True),
    "gpt-4o": (f"{LEAD}{UPPER}*{LOWER}+{SHORT}|{LEAD}{UPPER}+{LOWER}*{SHORT}" + r"|\p{N}{1,3}" + REST, False),
}


def main(gguf, out_path):
    fields = GGUFReader(gguf).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    texts = []
    for index, text in enumerate(strings()):
        try:
            if index < 100 or index % 2 == 0:  # a few hundred will do
                texts.append((index, text.decode()))
        except UnicodeDecodeError:
            pass
    out = [struct.pack("<I", len(PRE))]
    for name, (expression, whole_words) in PRE.items():
        model = models.BPE(vocab={token: id for id, token in enumerate(tokens)}, merges=merges,
                           ignore_merges=whole_words)
        tokenizer = Tokenizer(model)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(expression), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        out.append(struct.pack("<I", len(name)) + name.encode() + struct.pack("<I", len(texts)))
        for index, text in texts:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            out.append(struct.pack(f"<HI{len(ids)}H", index, len(ids), *ids))
    with open(out_path, "wb") as file:
        file.write(b"".join(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
