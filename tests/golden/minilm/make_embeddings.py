"""Writes what sentence-transformers makes of 130 texts: token ids and vectors.

    python make_embeddings.py MODEL_FOLDER OUT.json      (MODEL_FOLDER: model.safetensors, vocab.txt of MiniLM-L6-v2)

A vector is kept as 384 signed bytes in base64, times "scale": the cosine to the true one is above 0.9997. The network
is built from its weights alone, so that nothing is fetched; max_seq_length 256, mean pooling and normalisation are those
of the model's own modules.json.
"""
import base64
import json
import sys
from pathlib import Path

import numpy as np
import safetensors.torch
import sentence_transformers
import torch
from sentence_transformers import SentenceTransformer, models
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

FOLDER = Path(__file__).resolve().parents[2] / "data/memory"
ODD = [
    "", "a", "?!", "Hello, World!", "  spaces\tand\nlines  ", "naïve café résumé Ångström", "ÀÉÎÕÜ ñ ç ß ẞ", "İstanbul ıI",
    "我的名字是丹尼尔", "東京 is 東京都", "한국어 텍스트", "Привет, как дела?", "مرحبا بالعالم", "हिन्दी पाठ", "ภาษาไทย", "emoji 😀 and 👩‍👩‍👧",
    "don't can't won't it's", "e-mail: someone@example.com", "3.14159 and 1,000,000", "C++20 & C#", "a" * 99, "b" * 101,
    "pneumonoultramicroscopicsilicovolcanoconiosis", "zero\u200bwidth\u00adhyphen", "“quoted” — dashed…", "½ Ⅷ ² ﬁ",
    "tab\u00a0nbsp\u3000ideographic", "[brackets] {braces} <angles>", "under_score", "UPPER lower MiXeD",
]
LONG = " ".join(f"Sentence number {i} says that the river was high and the bridge was closed." for i in range(60))


def main(model_folder, out):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = BertConfig(vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                        intermediate_size=1536, max_position_embeddings=512, layer_norm_eps=1e-12)
    work = Path(sys.argv[3] if len(sys.argv) > 3 else "/tmp/minilm-for-golden")
    network = BertModel(config)
    missing = network.load_state_dict(safetensors.torch.load_file(model_folder / "model.safetensors"), strict=False)
    assert all("pooler" in name or "position_ids" in name for name in missing.missing_keys + missing.unexpected_keys), missing
    network.save_pretrained(work)
    pieces = BertWordPieceTokenizer(str(model_folder / "vocab.txt"), lowercase=True)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer, unk_token="[UNK]", sep_token="[SEP]",
                                        pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]")
    tokenizer.save_pretrained(work)
    transformer = models.Transformer(str(work), max_seq_length=256)
    pooling = models.Pooling(384, pooling_mode="mean")
    model = SentenceTransformer(modules=[transformer, pooling, models.Normalize()], device="cpu")
    facts = (FOLDER / "facts.txt").read_text().splitlines()[::20]
    questions = [line.split("\t")[2] for line in (FOLDER / "questions.tsv").read_text().splitlines()[::4]]
    texts = ODD + facts + questions[:49] + [LONG]
    entries = []
    for text in texts:
        vector = model.encode([text], normalize_embeddings=True)[0].astype(np.float64)
        scale = float(np.abs(vector).max() / 127)
        rounded = np.round(vector / scale).astype(np.int8)
        cosine = rounded @ vector / np.linalg.norm(rounded)
        assert cosine > 0.9997, (text, cosine)
        ids = tokenizer(text, truncation=True, max_length=256)["input_ids"]
        entries.append({"text": text, "ids": ids, "scale": round(scale, 8),
                        "vector": base64.b64encode(rounded.tobytes()).decode()})
    made = f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__.split('+')[0]}"
    lines = ",\n".join(json.dumps(entry, ensure_ascii=True) for entry in entries)
    Path(out).write_text(f'{{"made_with": "{made}", "texts": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
