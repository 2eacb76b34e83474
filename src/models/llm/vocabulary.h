// What a GGUF says of its vocabulary, as the Tokenizer wants it.
// Thread safety: pure function.
#pragma once

#include "base/result.h"
#include "models/llm/tokenizer.h"
#include "runtime/weights.h"

namespace coda::models::llm {

// Fails with unsupported when the tokenizer is neither byte-level BPE nor SentencePiece, or cuts words in a
// way that is not known; bad_format when a key is missing or broken.
Result<Tokenizer> read_tokenizer(const runtime::Weights& weights);

}  // namespace coda::models::llm
