// Whisper speech-to-text on Coda's own runtime, from CTranslate2 or whisper.cpp files, English and
// multilingual. The encoder sees only as many frames as the utterance needs (DESIGN: max(224, ceil(50 s) +
// 192) rounded up to 32). Thread safety: Whisper is immutable after open; transcribe may be called from
// several threads, each call with its own state inside.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "runtime/backend.h"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace coda::models {

struct TranscribeOptions {
    std::string language = "en";  // "auto" detects, for multilingual models
    bool full_context = false;    // encode 30 s as the original does
    float no_speech_threshold = 0.6f;
    float logprob_threshold = -1.0f;
    float compression_ratio_threshold = 2.4f;
    runtime::Priority priority = runtime::Priority::stt;
};

struct Transcript {
    std::string text;  // trimmed; empty when there was no speech
    std::string language;
    float average_logprob = 0;  // per token, natural log
    float no_speech_probability = 0;
    int encoder_frames = 0;  // of the last window
    int tokens = 0;
    double encode_ms = 0, decode_ms = 0;
};

class Whisper {
  public:
    // `path`: a folder with CTranslate2's model.bin and tokenizer.json, or a whisper.cpp ggml file.
    static Result<std::shared_ptr<Whisper>> open(const std::filesystem::path& path,
                                                 runtime::Backend& backend);
    ~Whisper();

    // Text of `samples_16k` (16 kHz mono, any length; over 30 s in windows). `cancel` is seen within one
    // encoder layer or decoder token and gives ErrorCode::cancelled.
    Result<Transcript> transcribe(std::span<const float> samples_16k, const TranscribeOptions& options,
                                  const Cancel& cancel) const;

    bool multilingual() const;
    const std::string& name() const;  // "whisper-tiny.en"

  private:
    struct Impl;
    explicit Whisper(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace coda::models
