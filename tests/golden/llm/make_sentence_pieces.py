"""Two small SentencePiece vocabularies (BPE with byte fallback) and the ids of golden_strings by sentencepiece itself.

    python make_sentence_pieces.py sentence_pieces.bin [--witness]

Real vocabularies (Llama 2, Gemma) are in no package that could be fetched; these are trained on the strings
themselves: one as Llama 2's (a space before the text, single digits), one as Gemma's (none, runs of spaces and
line ends as user-defined tokens). sentencepiece replaces what is not valid UTF-8 where llama.cpp spells its bytes:
with --witness llama-cpp-python is compared with sentencepiece, and gives the ids of those strings, else left out.

sentence_pieces.bin, little-endian: u32 models; per model: u8 space prefix, u32 tokens, per token u32 bytes, the
bytes, f32 score, u8 type (as in GGUF); u32 strings, per string u16 index among golden_strings, u32 count, u16 ids.
Of pip: sentencepiece 0.2.3 (and gguf, llama-cpp-python for --witness).
"""

import io
import os
import struct
import sys
import tempfile

import sentencepiece

from golden_strings import strings

SPACE = "\u2581"
MODELS = {
    True: dict(vocab_size=1000, split_digits=True, add_dummy_prefix=True),
    False: dict(vocab_size=1000, split_digits=True, add_dummy_prefix=False,
                user_defined_symbols=["<think>", "\n\n", "\n", 4 * SPACE, 2 * SPACE]),
}


def chosen(texts):
    return ((index, text) for index, text in enumerate(texts) if index < 100 or index % 2 == 0)  # half will do


def valid(texts):
    for index, text in chosen(texts):
        try:
            yield index, text.decode()
        except UnicodeDecodeError:
            pass


def train(texts, options):
    model = io.BytesIO()
    lines = [line for _, text in texts for line in text.split("\n")
             if "\0" not in line and 10 * sum(character < "\x80" for character in line) > 7 * len(line)]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type="bpe", byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", remove_extra_whitespaces=False, num_threads=1, minloglevel=2,
        bos_id=1, eos_id=2, unk_id=0, **options)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def token_type(model, id, options):
    if model.is_unknown(id):
        return 2
    if model.is_control(id):
        return 3
    if model.is_byte(id):
        return 6
    return 4 if model.id_to_piece(id) in options.get("user_defined_symbols", []) else 1


def tokens_of(model, options):
    for id in range(model.vocab_size()):
        kind = token_type(model, id, options)
        piece = model.id_to_piece(id)
        # llama.cpp's converter writes user-defined tokens as they stand in text.
        yield (piece.replace(SPACE, " ") if kind == 4 else piece).encode(), model.get_score(id), kind


def witness(tokens, space_prefix, texts, ids_of):
    from gguf import GGUFWriter
    from llama_cpp import Llama
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vocabulary.gguf")
        writer = GGUFWriter(path, "llama")
        for add, value in ((writer.add_block_count, 1), (writer.add_context_length, 64), (writer.add_embedding_length, 32),
                           (writer.add_feed_forward_length, 32), (writer.add_head_count, 1),
                           (writer.add_layer_norm_rms_eps, 1e-5), (writer.add_tokenizer_model, "llama"),
                           (writer.add_add_space_prefix, space_prefix)):
            add(value)
        writer.add_token_list([text for text, _, _ in tokens])
        writer.add_token_scores([score for _, score, _ in tokens])
        writer.add_token_types([kind for _, _, kind in tokens])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        model = Llama(path, vocab_only=True, verbose=False)
        wrong = [index for index, text in enumerate(texts) if index in ids_of
                 and (model.tokenize(text, add_bos=False, special=False) if text else []) != ids_of[index]]
        print(f"llama.cpp differs on {len(wrong)} of {len(ids_of)}:", [texts[index] for index in wrong[:8]])
        return {index: model.tokenize(text, add_bos=False, special=False) if text else []
                for index, text in chosen(texts)}


def main(out_path, *options):
    texts = strings()
    usable = list(valid(texts))
    out = [struct.pack("<I", len(MODELS))]
    for space_prefix, settings in MODELS.items():
        model = train(usable, settings)
        tokens = list(tokens_of(model, settings))
        out.append(struct.pack("<BI", space_prefix, len(tokens)))
        for text, score, kind in tokens:
            out.append(struct.pack("<I", len(text)) + text + struct.pack("<fB", score, kind))
        ids_of = {index: model.encode(text) for index, text in usable}
        if "--witness" in options:
            ids_of = witness(tokens, space_prefix, texts, ids_of) | ids_of
        out.append(struct.pack("<I", len(ids_of)))
        for index, ids in sorted(ids_of.items()):
            out.append(struct.pack(f"<HI{len(ids)}H", index, len(ids), *ids))
        print(f"{len(tokens)} tokens, {len(ids_of)} strings")
    with open(out_path, "wb") as file:
        file.write(b"".join(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
