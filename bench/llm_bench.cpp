// Prefill and decode speed of a GGUF through the runtime, as sessions use it.
//
//     llm_bench MODEL.gguf [--threads N] [--isa NAME] [--prompt TOKENS] [--tokens N] [--runs N] [--bf16 |
//     --int8]
//     [--reference]
//
// Prints the median of the runs and the spread; prefill is one prompt from an empty cache, decode what
// follows it.
#include "base/clock.h"
#include "models/llm/decoder_program.h"
#include "runtime/backend.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <fmt/format.h>

namespace coda {
namespace {

struct Arguments {
    std::string gguf, isa;
    int threads = 0, prompt = 128, tokens = 64, runs = 5;
    bool bf16 = false, int8 = false, reference = false;
};

bool parse(int argc, char** argv, Arguments& out) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const auto number = [&](int& value) { return i + 1 < argc && (value = std::atoi(argv[++i])) > 0; };
        bool ok = true;
        if (name == "--threads") {
            ok = number(out.threads);
        } else if (name == "--prompt") {
            ok = number(out.prompt);
        } else if (name == "--tokens") {
            ok = number(out.tokens);
        } else if (name == "--runs") {
            ok = number(out.runs);
        } else if (name == "--isa") {
            ok = i + 1 < argc;
            if (ok) out.isa = argv[++i];
        } else if (name == "--bf16") {
            out.bf16 = true;
        } else if (name == "--int8") {
            out.int8 = true;
        } else if (name == "--reference") {
            out.reference = true;
        } else {
            ok = out.gguf.empty() && !name.starts_with("--");
            out.gguf = name;
        }
        if (!ok) return false;
    }
    return !out.gguf.empty();
}

struct Figures {
    std::vector<double> prefill_per_second, decode_per_second;
};

Result<Figures> measure(const Arguments& arguments, runtime::Backend& backend) {
    CODA_TRY(auto weights, runtime::Weights::open(arguments.gguf));
    CODA_TRY(const auto config, models::llm::read_decoder_config(*weights));
    const int context = arguments.prompt + arguments.tokens + 1;
    CODA_TRY(const auto program, models::llm::record_decoder(weights, config, context));
    using Activations = runtime::CompileOptions::Activations;
    const Activations activations = arguments.int8   ? Activations::int8
                                    : arguments.bf16 ? Activations::bf16
                                                     : Activations::f32;
    const Stopwatch compiling;
    CODA_TRY(const auto executable, backend.compile(program.program, {.activations = activations}));
    fmt::print("{}: {:.0f} M parameters, {:.1f} MB of weights, compiled in {:.0f} ms\n",
               backend.description(), static_cast<double>(config.parameters) / 1e6,
               static_cast<double>(executable->weight_bytes()) / 1e6, compiling.elapsed_ms());
    CODA_TRY(auto state, executable->new_state());
    std::vector<int32_t> prompt(static_cast<size_t>(arguments.prompt));
    for (size_t i = 0; i < prompt.size(); ++i)
        prompt[i] = static_cast<int32_t>((i * 7919 + 17) % 40000) % config.vocabulary;
    const Cancel cancel;
    Figures figures;
    for (int run = 0; run <= arguments.runs; ++run) {  // the first warms up
        state->truncate(0);
        const Stopwatch prefill;
        for (size_t at = 0; at < prompt.size(); at += models::llm::DecoderProgram::kChunk) {
            const size_t count = std::min<size_t>(models::llm::DecoderProgram::kChunk, prompt.size() - at);
            runtime::StepInput input;
            input.tokens = std::span(prompt).subspan(at, count);
            input.rows.kind =
                at + count == prompt.size() ? runtime::Rows::Kind::last : runtime::Rows::Kind::none;
            CODA_CHECK(
                executable->run(*program.generate, input, *state, cancel, runtime::Priority::llm_first));
        }
        const double prefill_ms = prefill.elapsed_ms();
        const Stopwatch decode;
        for (int i = 0; i < arguments.tokens; ++i) {
            const int32_t token = state->sampled().token;
            runtime::StepInput input;
            input.tokens = {&token, 1};
            CODA_CHECK(
                executable->run(*program.generate, input, *state, cancel, runtime::Priority::llm_first));
        }
        if (run == 0) continue;
        figures.prefill_per_second.push_back(1000.0 * arguments.prompt / prefill_ms);
        figures.decode_per_second.push_back(1000.0 * arguments.tokens / decode.elapsed_ms());
    }
    return figures;
}

void print(const char* what, std::vector<double> values) {
    std::sort(values.begin(), values.end());
    fmt::print("{:<8} {:8.1f} tok/s  ({:.1f} to {:.1f} over {} runs)\n", what, values[values.size() / 2],
               values.front(), values.back(), values.size());
}

int run(const Arguments& arguments) {
    std::unique_ptr<runtime::Backend> backend = runtime::create_reference_backend();
    if (!arguments.reference) {
        auto cpu = runtime::create_cpu_backend({.threads = arguments.threads, .isa = arguments.isa});
        if (!cpu) {
            fmt::print(stderr, "{}\n", cpu.error().message());
            return 1;
        }
        backend = std::move(*cpu);
    }
    const auto figures = measure(arguments, *backend);
    if (!figures) {
        fmt::print(stderr, "{}\n", figures.error().message());
        return 1;
    }
    print("prefill", figures->prefill_per_second);
    print("decode", figures->decode_per_second);
    return 0;
}

}  // namespace
}  // namespace coda

int main(int argc, char** argv) {
    coda::Arguments arguments;
    if (!coda::parse(argc, argv, arguments)) {
        fmt::print(stderr,
                   "usage: llm_bench MODEL.gguf [--threads N] [--isa NAME] [--prompt TOKENS] [--tokens N] "
                   "[--runs N] "
                   "[--bf16 | --int8] [--reference]\n");
        return 2;
    }
    return coda::run(arguments);
}
