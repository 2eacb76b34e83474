#include "models/llm/activation_check.h"

#include "models/llm/activation_text.h"
#include "models/llm/memory_check.h"
#include "models/llm/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace coda::models::llm {
namespace {

using runtime::CompileOptions;
using runtime::Executable;

struct Divergence {
    double mean = 0, error = 0;  // error: the mean's standard error
    bool within() const { return mean + error <= ActivationCheck::kBound; }
};

// log softmax in place.
void to_log_probabilities(std::span<float> logits) {
    const float top = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float x : logits) sum += std::exp(x - top);
    const float shift = top + static_cast<float>(std::log(sum));
    for (float& x : logits) x -= shift;
}

// KL(p || softmax of logits), p given by its logarithms.
double divergence(std::span<const float> log_p, std::span<const float> logits) {
    constexpr float kNothing = -30;  // e^-30: together less than 1e-8 in any vocabulary
    const float top = *std::max_element(logits.begin(), logits.end());
    double sum = 0, expected = 0;
    for (size_t i = 0; i < logits.size(); ++i) {
        const float x = logits[i] - top;
        if (x > kNothing) sum += std::exp(x);
        if (log_p[i] > kNothing) expected += static_cast<double>(std::exp(log_p[i])) * (log_p[i] - x);
    }
    return std::max(0.0, expected + std::log(sum));
}

// The text through a model, and through the same with other activations.
class Comparison {
  public:
    Comparison(const DecoderProgram& program, const Executable& exact, const Tokenizer& tokenizer,
               const Cancel& cancel)
        : program_(program), exact_(exact), cancel_(cancel) {
        for (const std::string_view text : activation_texts()) {
            std::vector<int32_t> ids = tokenizer.encode(text);
            ids.resize(std::min<size_t>(ids.size(), DecoderProgram::kChunk));
            if (!ids.empty()) segments_.push_back(std::move(ids));
        }
    }

    Status prepare() {
        for (const std::vector<int32_t>& ids : segments_) {
            std::vector<float>& kept = expected_.emplace_back();
            CODA_CHECK(over_rows(exact_, ids, [&](std::span<const float> logits) {
                const size_t at = kept.size();
                kept.insert(kept.end(), logits.begin(), logits.end());
                to_log_probabilities(std::span(kept).subspan(at));
            }));
        }
        return {};
    }

    Result<Divergence> to(const Executable& other) const {
        std::vector<double> values;
        for (size_t s = 0; s < segments_.size(); ++s) {
            size_t at = 0;
            CODA_CHECK(over_rows(other, segments_[s], [&](std::span<const float> logits) {
                values.push_back(divergence(std::span(expected_[s]).subspan(at, logits.size()), logits));
                at += logits.size();
            }));
        }
        const auto count = static_cast<double>(values.size());
        Divergence result;
        result.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
        double squares = 0;
        for (const double value : values) squares += (value - result.mean) * (value - result.mean);
        result.error = std::sqrt(squares / std::max(1.0, count - 1) / count);
        return result;
    }

    int positions() const {
        size_t sum = 0;
        for (const auto& ids : segments_) sum += ids.size();
        return static_cast<int>(sum);
    }

  private:
    template <class PerRow>
    Status over_rows(const Executable& executable, std::span<const int32_t> ids, const PerRow& row) const {
        CODA_TRY(auto state, executable.new_state());
        runtime::StepInput input;
        input.tokens = ids;
        input.rows.kind = runtime::Rows::Kind::all;
        CODA_CHECK(executable.run(*program_.score, input, *state, cancel_, runtime::Priority::background));
        const runtime::OutputView logits = state->output("logits");
        for (int r = 0; r < logits.rows; ++r) row(logits.row(r));
        return {};
    }

    const DecoderProgram& program_;
    const Executable& exact_;
    const Cancel& cancel_;
    std::vector<std::vector<int32_t>> segments_;
    std::vector<std::vector<float>> expected_;  // log probabilities, row by row
};

// --- parts ---

constexpr std::pair<const char*, std::array<std::string_view, 4>> kKinds[] = {
    {"qkv", {"attn_q", "attn_k", "attn_v", "attn_qkv"}},
    {"attention_output", {"attn_output"}},
    {"gate_up", {"ffn_gate", "ffn_up", "ffn_gate_exps", "ffn_up_exps"}},
    {"down", {"ffn_down", "ffn_down_exps"}}};
constexpr int kStretches = 4;  // of layers

bool is_coded(const runtime::TensorView& tensor) {
    return runtime::block_size(tensor.dtype).elements > 1;
}

std::vector<ActivationCheck::Part> parts_of(const runtime::Weights& weights) {
    int layers = 0;
    while (weights.find(fmt::format("blk.{}.attn_norm.weight", layers))) ++layers;
    std::vector<ActivationCheck::Part> parts;
    for (const auto& [kind, tensors] : kKinds) {
        for (int s = 0; s < kStretches; ++s) {
            const int first = layers * s / kStretches, last = layers * (s + 1) / kStretches;
            ActivationCheck::Part part;
            part.name = fmt::format("{} {}-{}", kind, first, last - 1);
            for (int layer = first; layer < last; ++layer) {
                for (const std::string_view tensor : tensors) {
                    const std::string name = fmt::format("blk.{}.{}.weight", layer, tensor);
                    const runtime::TensorView* found = tensor.empty() ? nullptr : weights.find(name);
                    if (!found || !is_coded(*found)) continue;
                    part.weights.push_back(name);
                    part.elements += found->shape.elements();
                }
            }
            if (!part.weights.empty()) parts.push_back(std::move(part));
        }
    }
    return parts;
}

std::vector<std::string> weights_in(const std::vector<ActivationCheck::Part>& parts, bool chosen_only) {
    std::vector<std::string> names;
    for (const ActivationCheck::Part& part : parts)
        if (part.int8 || !chosen_only) names.insert(names.end(), part.weights.begin(), part.weights.end());
    return names;
}

class Search {
  public:
    Search(const Comparison& comparison, const Executable& executable, ActivationCheck& check)
        : comparison_(comparison), executable_(executable), check_(check) {}

    Result<Divergence> with(std::vector<std::string> int8_weights) const {
        CompileOptions options;
        options.int8_weights = std::move(int8_weights);
        CODA_TRY(const auto other, executable_.with(options));
        return comparison_.to(*other);
    }

    Status weigh(const std::function<void(double)>& progress) {
        for (size_t i = 0; i < check_.parts.size(); ++i) {
            ActivationCheck::Part& part = check_.parts[i];
            CODA_TRY(const Divergence alone, with(part.weights));
            part.kl = alone.mean;
            part.error = alone.error;
            if (progress) progress(static_cast<double>(i + 2) / static_cast<double>(check_.parts.size() + 4));
        }
        return {};
    }

    // Parts by what they cost for what they save, as long as their sum is within the bound (roundings are as
    // good as independent); then together, and without the dearest where that is still too much.
    Status choose() {
        std::vector<ActivationCheck::Part*> order;
        for (ActivationCheck::Part& part : check_.parts)
            if (part.kl > 0) order.push_back(&part);
        std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
            return a->kl * static_cast<double>(b->elements) < b->kl * static_cast<double>(a->elements);
        });
        double sum = 0;
        std::vector<ActivationCheck::Part*> taken;
        for (ActivationCheck::Part* part : order) {
            if (sum + part->kl > ActivationCheck::kBound) continue;
            sum += part->kl;
            part->int8 = true;
            taken.push_back(part);
        }
        while (!taken.empty()) {
            CODA_TRY(const Divergence together, with(weights_in(check_.parts, true)));
            if (together.within()) {
                check_.kl = together.mean;
                check_.error = together.error;
                return {};
            }
            const auto dearest = std::max_element(taken.begin(), taken.end(),
                                                  [](const auto* a, const auto* b) { return a->kl < b->kl; });
            (*dearest)->int8 = false;
            taken.erase(dearest);
        }
        return {};
    }

  private:
    const Comparison& comparison_;
    const Executable& executable_;
    ActivationCheck& check_;
};

double share_of(const std::vector<ActivationCheck::Part>& parts) {
    double chosen = 0, all = 0;
    for (const ActivationCheck::Part& part : parts) {
        if (part.kl == 0) continue;  // no kernel of its own for int8
        all += static_cast<double>(part.elements);
        if (part.int8) chosen += static_cast<double>(part.elements);
    }
    return all > 0 ? chosen / all : 0;
}

}  // namespace

std::string ActivationCheck::text() const {
    if (kl_all == 0) return "16 bits: this device gains nothing by 8 bits with these weights";
    const std::string cost = fmt::format("KL {:.1e} +- {:.0e} over {} positions, allowed {:.0e}", kl_all,
                                         error_all, positions, kBound);
    if (all()) return fmt::format("8 bits ({})", cost);
    if (share == 0) return fmt::format("16 bits (with 8: {})", cost);
    return fmt::format(
        "8 bits for {:.0f} % of the layers' weights (KL {:.1e} +- {:.0e}), 16 for the rest (with 8 "
        "for all: {})",
        100 * share, kl, error, cost);
}

Result<ActivationCheck> check_activations(const runtime::Weights& weights, const DecoderProgram& program,
                                          const Executable& executable, const Tokenizer& tokenizer,
                                          const Cancel& cancel, const std::function<void(double)>& progress) {
    ActivationCheck check;
    check.parts = parts_of(weights);
    check.date = fmt::format("{:%Y-%m-%d}", fmt::localtime(std::time(nullptr)));
    Comparison comparison(program, executable, tokenizer, cancel);
    check.positions = comparison.positions();
    CODA_CHECK(comparison.prepare());
    Search search(comparison, executable, check);
    CODA_TRY(const Divergence all, search.with(weights_in(check.parts, false)));
    check.kl_all = all.mean;
    check.error_all = all.error;
    if (all.mean == 0 || all.within()) {
        if (all.mean > 0) {
            check.kl = all.mean;
            check.error = all.error;
            check.share = 1;
            check.int8_weights = weights_in(check.parts, false);
        }
        check.parts.clear();
        return check;
    }
    CODA_CHECK(search.weigh(progress));
    CODA_CHECK(search.choose());
    check.share = share_of(check.parts);
    check.int8_weights = weights_in(check.parts, true);
    return check;
}

Result<ActivationCheck> check_model_activations(const std::filesystem::path& gguf, runtime::Backend& backend,
                                                const Cancel& cancel,
                                                const std::function<void(double)>& progress) {
    CODA_TRY(auto weights, runtime::Weights::open(gguf));
    CODA_TRY(const DecoderConfig config, read_decoder_config(*weights));
    CODA_TRY(const Tokenizer tokenizer, read_tokenizer(*weights));
    CODA_TRY(const DecoderProgram program, record_decoder(weights, config, DecoderProgram::kChunk));
    CODA_CHECK(check_memory(memory_need(*weights, *program.program, runtime::Weights::Access::map),
                            available_memory(), gguf.string()));
    CODA_TRY(const auto executable, backend.compile(program.program, {}));
    CODA_TRY(ActivationCheck check,
             check_activations(*weights, program, *executable, tokenizer, cancel, progress));
    CODA_CHECK(keep_activation_check(check, *weights, backend));
    return check;
}

}  // namespace coda::models::llm
