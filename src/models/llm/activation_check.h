// Whether the products of a language model may round their activations to 8 bits: how far that moves the
// distributions of the next token, over built-in text, from those with 16 bits. Where rounding all of them
// moves too much, parts of the layers are weighed one by one, and as many are taken as the bound allows. The
// verdict is kept in the cache folder by the file's fingerprint, the build and the device, and open_llm goes
// by it; a model without one runs with 16 bits. Thread safety: free functions from any thread.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "models/llm/decoder_program.h"
#include "models/llm/tokenizer.h"
#include "runtime/backend.h"
#include "runtime/weights.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::llm {

struct ActivationCheck {
    // Mean KL divergence in nats per position, its standard error added, that int8 may cost.
    static constexpr double kBound = 1e-3;

    // Matrices that are judged together: one kind in a stretch of layers.
    struct Part {
        std::string name;  // "gate_up 0-7"
        std::vector<std::string> weights;
        int64_t elements = 0;
        double kl = 0, error = 0;  // with this part alone in int8: mean, and its standard error
        bool int8 = false;
    };
    int positions = 0;
    double kl_all = 0, error_all = 0;  // with every part in int8
    double kl = 0, error = 0;          // with what was chosen
    std::vector<Part> parts;           // empty where all of them passed at once, or nothing changes
    std::vector<std::string> int8_weights;
    double share = 0;  // of the weights that can be, how much is multiplied in int8
    std::string date;  // 2026-11-27

    bool all() const { return share == 1; }
    std::string text() const;  // one line for people
};

// Runs the text. `progress` is told what is done, 0 to 1. Fails with unsupported where the device has one
// kind of activations, cancelled, or as a run does.
Result<ActivationCheck> check_activations(const runtime::Weights& weights, const DecoderProgram& program,
                                          const runtime::Executable& executable, const Tokenizer& tokenizer,
                                          const Cancel& cancel,
                                          const std::function<void(double)>& progress = nullptr);

// Opens the file, checks, keeps the verdict: what `coda models check` does, and a tuner in idle time. Takes
// the memory of one more model while it runs.
Result<ActivationCheck> check_model_activations(const std::filesystem::path& gguf, runtime::Backend& backend,
                                                const Cancel& cancel,
                                                const std::function<void(double)>& progress = nullptr);

// What was kept for this file, build and device; nothing where there is none or it cannot be read.
std::optional<ActivationCheck> kept_activation_check(const runtime::Weights& weights,
                                                     const runtime::Backend& backend);
Status keep_activation_check(const ActivationCheck& check, const runtime::Weights& weights,
                             const runtime::Backend& backend);

// The kept file's text, for tests and fuzzing. Any bytes give a check or bad_format.
std::string to_json_text(const ActivationCheck& check);
Result<ActivationCheck> parse_activation_check(std::string_view text, const std::string& source);

}  // namespace coda::models::llm
