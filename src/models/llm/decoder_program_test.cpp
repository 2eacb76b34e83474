#include "models/llm/decoder_program.h"

#include "models/llm/test_files.h"
#include "runtime/backend.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coda::models::llm {
namespace {

double normalised_error(std::span<const float> ours, const std::vector<float>& theirs) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < theirs.size(); ++i) {
        difference += std::pow(static_cast<double>(ours[i]) - theirs[i], 2);
        size += std::pow(static_cast<double>(theirs[i]), 2);
    }
    return difference / size;
}

// Logits of all of `ids` in one run, or token by token.
std::vector<std::vector<float>> logits(const DecoderProgram& program, const runtime::Executable& executable,
                                       const std::vector<int32_t>& ids, size_t per_run) {
    auto state = executable.new_state();
    EXPECT_TRUE(state);
    std::vector<std::vector<float>> out;
    for (size_t at = 0; at < ids.size(); at += per_run) {
        runtime::StepInput input;
        input.tokens = std::span(ids).subspan(at, std::min(per_run, ids.size() - at));
        input.rows.kind = runtime::Rows::Kind::all;
        const auto ran =
            executable.run(*program.score, input, **state, Cancel(), runtime::Priority::background);
        EXPECT_TRUE(ran) << ran.error().message();
        const auto view = (*state)->output("logits");
        for (int r = 0; r < view.rows; ++r) out.emplace_back(view.row(r).begin(), view.row(r).end());
    }
    return out;
}

class TinyModels : public testing::TestWithParam<std::string> {};

// The models that `list` names, which lie beside it, as `backend` runs them.
void expect_golden_logits(runtime::Backend& backend, const std::filesystem::path& list, size_t models,
                          double bound) {
    std::ifstream file(list);
    const auto entries = nlohmann::json::parse(file);
    ASSERT_EQ(entries.size(), models);
    for (const auto& entry : entries) {
        const std::string name = entry["file"];
        const auto weights = runtime::Weights::open(list.parent_path() / name);
        ASSERT_TRUE(weights) << weights.error().message();
        const auto config = read_decoder_config(**weights);
        ASSERT_TRUE(config) << config.error().message();
        const auto program = record_decoder(*weights, *config, config->trained_context);
        ASSERT_TRUE(program) << program.error().message();
        const auto executable = backend.compile(program->program, {});
        ASSERT_TRUE(executable) << executable.error().message();
        const std::vector<int32_t> ids = entry["ids"];
        for (const size_t per_run : {ids.size(), size_t{1}, size_t{7}}) {
            const auto ours = logits(*program, **executable, ids, per_run);
            ASSERT_EQ(ours.size(), ids.size());
            for (size_t i = 0; i < entry["positions"].size(); ++i) {
                const std::vector<float> theirs = entry["logits"][i];
                const size_t position = entry["positions"][i];
                EXPECT_LT(normalised_error(ours[position], theirs), bound)
                    << name << ", position " << position << ", " << per_run << " per run";
            }
        }
    }
}

// The CPU keeps keys and values in F16: 2^-12 of rounding, squared, through two layers.
double golden_bound(const std::string& backend) {
    return backend == "reference" ? 1e-9 : 5e-6;
}

TEST_P(TinyModels, LogitsAreLlamaCppsInEveryFormatAndVariant) {
    expect_golden_logits(*backend_named(GetParam()), golden("tiny.json"), 6, golden_bound(GetParam()));
}

TEST_P(TinyModels, LogitsAreLlamaCppsInEveryQuantization) {
    expect_golden_logits(*backend_named(GetParam()), golden("../quants/models.json"), 10,
                         golden_bound(GetParam()));
}

// What transformers says of one file.
struct ArchitectureGolden {
    std::string name;
    std::vector<int32_t> ids;
    std::vector<std::vector<float>> logits;  // after each id
};

std::vector<ArchitectureGolden> architecture_goldens() {
    GoldenReader file("architectures.bin");
    std::vector<ArchitectureGolden> goldens(file.read<uint32_t>());
    for (ArchitectureGolden& golden : goldens) {
        golden.name = file.text();
        golden.ids.resize(file.read<uint32_t>());
        const auto vocabulary = file.read<uint32_t>();
        for (int32_t& id : golden.ids) id = file.read<uint16_t>();
        golden.logits.assign(golden.ids.size(), std::vector<float>(vocabulary));
        for (auto& row : golden.logits)
            for (float& logit : row) logit = file.read<float>();
    }
    EXPECT_TRUE(file.at_end());
    return goldens;
}

struct Compiled {
    DecoderProgram program;
    std::shared_ptr<const runtime::Executable> executable;
};

// With a context as long as the tokens that transformers saw, since some rotations depend on it.
Compiled compile(const ArchitectureGolden& model, runtime::Backend& backend) {
    const auto weights = runtime::Weights::open(golden(model.name));
    EXPECT_TRUE(weights) << weights.error().message();
    const auto config = read_decoder_config(**weights);
    EXPECT_TRUE(config) << config.error().message();
    const auto program = record_decoder(*weights, *config, static_cast<int>(model.ids.size()));
    EXPECT_TRUE(program) << program.error().message();
    const auto executable = backend.compile(program->program, {});
    EXPECT_TRUE(executable) << executable.error().message();
    return {*program, *executable};
}

std::vector<float> joined(const std::vector<std::vector<float>>& rows) {
    std::vector<float> all;
    for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
    return all;
}

// Windows, caps, norms and factors of every architecture, over more positions than the windows are wide.
TEST_P(TinyModels, LogitsAreTransformersForEveryArchitecture) {
    const auto backend = backend_named(GetParam());
    const double bound = GetParam() == "reference" ? 1e-10 : 1e-5;
    const auto goldens = architecture_goldens();
    ASSERT_EQ(goldens.size(), 15u);
    for (const ArchitectureGolden& model : goldens) {
        const Compiled compiled = compile(model, *backend);
        double largest = 0;
        for (const size_t per_run : {model.ids.size(), size_t{1}, size_t{5}}) {
            const auto ours = joined(logits(compiled.program, *compiled.executable, model.ids, per_run));
            const auto theirs = joined(model.logits);
            ASSERT_EQ(ours.size(), theirs.size());
            const double error = normalised_error(ours, theirs);
            largest = std::max(largest, error);
            EXPECT_LT(error, bound) << model.name << ", " << per_run << " per run";
        }
        std::printf("%s over %zu tokens: normalised error at most %.1e\n", model.name.c_str(),
                    model.ids.size(), largest);
    }
}

// A cache that was taken back past what a window sees, and a copy of it, go on as if nothing had been there.
TEST_P(TinyModels, TruncatingAndForkingLeaveNoTraceBehindAWindow) {
    const auto backend = backend_named(GetParam());
    for (const ArchitectureGolden& model : architecture_goldens()) {
        if (model.ids.size() < 20) continue;
        SCOPED_TRACE(model.name);
        const Compiled compiled = compile(model, *backend);
        auto state = compiled.executable->new_state();
        ASSERT_TRUE(state);
        const auto run = [&](runtime::State& on, std::span<const int32_t> ids) {
            const runtime::StepInput input{.tokens = ids};
            const auto ran = compiled.executable->run(*compiled.program.score, input, on, Cancel(),
                                                      runtime::Priority::background);
            EXPECT_TRUE(ran) << ran.error().message();
            const auto row = on.output("logits").row(0);
            return std::vector<float>(row.begin(), row.end());
        };
        const std::span<const int32_t> ids(model.ids);
        const std::vector<int32_t> detour(14, ids[0]);
        run(**state, ids.first(12));
        run(**state, detour);
        (*state)->truncate(10);
        auto copy = (*state)->fork();
        ASSERT_TRUE(copy);
        run(**state, detour);  // of no concern to the copy
        (*state)->truncate(9);
        for (auto& on : {std::ref(**state), std::ref(**copy)}) {
            const auto held = static_cast<size_t>(on.get().length());
            EXPECT_LT(normalised_error(run(on, ids.subspan(held)), model.logits.back()), 2e-5);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, TinyModels, testing::Values("reference", "cpu"),
                         [](const auto& test_case) { return test_case.param; });

std::string error_of(const std::string& bytes) {
    const auto weights = runtime::Weights::parse(std::as_bytes(std::span(bytes)), "changed.gguf");
    if (!weights) return weights.error().message();
    const auto config = read_decoder_config(**weights);
    if (!config) return config.error().message();
    const auto program = record_decoder(*weights, *config, 64);
    return program ? std::string() : program.error().message();
}

// A GGUF with one metadata value replaced, read again. Values keep their size, so offsets stay right.
std::string error_after(const std::string& key, uint32_t value, const char* file = "tiny-q4_0.gguf") {
    std::string bytes = read_file(golden(file)).value();
    const size_t at = bytes.find(key);
    EXPECT_NE(at, std::string::npos) << key;
    std::memcpy(bytes.data() + at + key.size() + 4, &value, sizeof value);  // after the value's type
    return error_of(bytes);
}

// The same with one tensor under another name of the same length.
std::string error_without(const std::string& tensor, const char* file) {
    std::string bytes = read_file(golden(file)).value();
    const size_t at = bytes.find(tensor);
    EXPECT_NE(at, std::string::npos) << tensor;
    bytes[at] = 'x';
    return error_of(bytes);
}

TEST(DecoderConfig, TensorsThatAnArchitectureNeedsAreMissedByName) {
    const std::pair<const char*, const char*> cases[] = {
        {"blk.1.attn_k.weight", "arch-qwen2.gguf"},
        {"blk.1.attn_q_norm.weight", "arch-qwen3.gguf"},
        {"blk.0.ffn_gate_inp.weight", "arch-qwen3moe.gguf"},
        {"blk.1.ffn_down_exps.weight", "arch-qwen3moe.gguf"},
        {"blk.2.post_attention_norm.weight", "arch-gemma2.gguf"},
        {"blk.6.post_ffw_norm.weight", "arch-gemma3.gguf"},
        {"blk.0.ffn_up.weight", "arch-phi3-longrope.gguf"},
        {"rope_factors_short.weight", "arch-phi3-longrope.gguf"},
        {"token_embd.weight", "arch-smollm3.gguf"},
    };
    for (const auto& [tensor, file] : cases) {
        const std::string message = error_without(tensor, file);
        EXPECT_NE(message.find(tensor), std::string::npos) << file << ": " << message;
        EXPECT_NE(message.find("changed.gguf"), std::string::npos) << file << ": " << message;
    }
}

TEST(DecoderConfig, WrongParametersOfOneArchitectureAreRefusedByName) {
    struct Case {
        const char *key, *file;
        uint32_t value;
    };
    const Case cases[] = {
        {"qwen3moe.expert_count", "arch-qwen3moe.gguf", 0},
        {"qwen3moe.expert_count", "arch-qwen3moe.gguf", 0x7FFFFFFF},
        {"qwen3moe.expert_used_count", "arch-qwen3moe.gguf", 0},
        {"qwen3moe.expert_used_count", "arch-qwen3moe.gguf", 9},
        {"qwen3moe.expert_feed_forward_length", "arch-qwen3moe.gguf", 0},
        {"gemma2.attn_logit_softcapping", "arch-gemma2.gguf", 0xC1200000},   // -10
        {"gemma2.final_logit_softcapping", "arch-gemma2.gguf", 0x7F800000},  // infinite
        {"gemma3.attention.sliding_window", "arch-gemma3.gguf", 0xFFFFFFFF},
        {"phi3.rope.scaling.attn_factor", "arch-phi3-longrope.gguf", 0},  // 0.0
        {"granite.logit_scale", "arch-granite.gguf", 0},
        {"granite.residual_scale", "arch-granite.gguf", 0x7FC00000},  // not a number
        {"smollm3.rope.freq_base", "arch-smollm3.gguf", 1},           // 1e-45: no finite frequencies
    };
    for (const Case& c : cases) {
        const std::string message = error_after(c.key, c.value, c.file);
        EXPECT_NE(message.find(c.key), std::string::npos) << c.key << " " << c.value << ": " << message;
    }
    EXPECT_NE(error_after("qwen3moe.expert_count", 7, "arch-qwen3moe.gguf").find("ffn_gate_inp"),
              std::string::npos);
}

TEST(DecoderConfig, WrongHyperParametersAreRefusedByName) {
    EXPECT_EQ(error_after("llama.block_count", 2), "");
    const std::pair<const char*, uint32_t> cases[] = {
        {"llama.block_count", 0},
        {"llama.block_count", 0xFFFFFFFF},
        {"llama.embedding_length", 0},
        {"llama.embedding_length", 0x7FFFFFFF},
        {"llama.feed_forward_length", 0},
        {"llama.attention.head_count", 0},
        {"llama.attention.head_count", 3},
        {"llama.attention.key_length", 0},
        {"llama.attention.key_length", 15},
        {"llama.attention.value_length", 8},
        {"llama.context_length", 0},
        {"llama.rope.dimension_count", 7},
        {"llama.rope.dimension_count", 18},
        {"llama.attention.layer_norm_rms_epsilon", 0},           // 0.0
        {"llama.attention.layer_norm_rms_epsilon", 0x7FC00000},  // not a number
        {"llama.rope.freq_base", 0xBF800000},                    // -1
    };
    for (const auto& [key, value] : cases) {
        const std::string message = error_after(key, value);
        EXPECT_NE(message.find("changed.gguf: "), std::string::npos)
            << key << " " << value << ": " << message;
        EXPECT_NE(message.find("llama."), std::string::npos) << key << " " << value << ": " << message;
    }
    // Believable by themselves, but the tensors say otherwise.
    for (const auto& [key, value] :
         std::initializer_list<std::pair<const char*, uint32_t>>{{"llama.block_count", 3},
                                                                 {"llama.embedding_length", 64},
                                                                 {"llama.feed_forward_length", 96},
                                                                 {"llama.attention.head_count", 8}}) {
        const std::string message = error_after(key, value);
        EXPECT_NE(message.find("changed.gguf"), std::string::npos) << key << " " << value;
        EXPECT_NE(message.find(".weight"), std::string::npos) << key << " " << value << ": " << message;
    }
}

TEST(DecoderConfig, OtherArchitecturesAreUnsupportedByName) {
    std::string bytes = read_file(golden("tiny-q4_0.gguf")).value();
    const size_t at = bytes.find("llama", bytes.find("general.architecture"));
    bytes.replace(at, 5, "mamba");
    const auto weights = runtime::Weights::parse(std::as_bytes(std::span(bytes)), "changed.gguf");
    ASSERT_TRUE(weights) << weights.error().message();
    const auto config = read_decoder_config(**weights);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, ErrorCode::unsupported);
    EXPECT_NE(config.error().message().find("'mamba'"), std::string::npos);
    EXPECT_NE(config.error().message().find("llama"), std::string::npos);
}

}  // namespace
}  // namespace coda::models::llm
