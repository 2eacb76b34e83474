// Logits of a GGUF after every token of a text, as the CPU backend computes them.
//
//     coda_logits MODEL.gguf TOKENS LOGITS
//
// TOKENS: i32 each. LOGITS gets vocabulary x f32 per token. check.py compares them.
#include "base/file_map.h"
#include "models/llm/decoder_program.h"
#include "runtime/backend.h"

#include <cstdio>
#include <cstring>
#include <vector>

#include <fmt/format.h>

namespace coda {
namespace {

Status run(const char* gguf, const char* tokens_file, const char* out) {
    CODA_TRY(const auto weights, runtime::Weights::open(gguf));
    CODA_TRY(const auto config, models::llm::read_decoder_config(*weights));
    CODA_TRY(const FileMap file, FileMap::open(tokens_file));
    std::vector<int32_t> tokens(file.bytes().size() / sizeof(int32_t));
    std::memcpy(tokens.data(), file.bytes().data(), tokens.size() * sizeof(int32_t));
    CODA_TRY(const auto program,
             models::llm::record_decoder(weights, config, static_cast<int>(tokens.size()) + 1));
    CODA_TRY(const auto backend, runtime::create_cpu_backend({}));
    CODA_TRY(const auto executable, backend->compile(program.program, {}));
    CODA_TRY(const auto state, executable->new_state());
    std::vector<float> logits;
    constexpr size_t kChunk = models::llm::DecoderProgram::kChunk;
    for (size_t at = 0; at < tokens.size(); at += kChunk) {
        runtime::StepInput input;
        input.tokens = std::span(tokens).subspan(at, std::min(kChunk, tokens.size() - at));
        input.rows.kind = runtime::Rows::Kind::all;
        CODA_CHECK(executable->run(*program.score, input, *state, Cancel(), runtime::Priority::background));
        const auto view = state->output("logits");
        logits.insert(logits.end(), view.values.begin(), view.values.end());
    }
    return write_file_atomic(out, std::as_bytes(std::span(logits)));
}

}  // namespace
}  // namespace coda

int main(int argc, char** argv) {
    if (argc != 4) {
        fmt::print(stderr, "usage: coda_logits MODEL.gguf TOKENS LOGITS\n");
        return 2;
    }
    const coda::Status done = coda::run(argv[1], argv[2], argv[3]);
    if (done) return 0;
    fmt::print(stderr, "{}\n", done.error().message());
    return 1;
}
