// The out-of-vocabulary network: a character transformer that reads words which no dictionary has. Its
// outputs are collapsed as in CTC: repeats merged, blanks dropped. Thread safety: immutable after open; read
// may be called from several threads.
#pragma once

#include "base/result.h"
#include "models/hibari/text/unicode.h"
#include "models/onnx/session.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace coda::models::hibari {

class Speller {
  public:
    // `network` is oov.onnx or oov_gb.onnx; its alphabets lie beside it with the ending .json.
    static Result<std::unique_ptr<Speller>> open(const std::filesystem::path& network);

    // Nothing where the network knows none of the characters. At most the first 24 characters count.
    Result<std::optional<Text>> read(TextView word) const;

  private:
    Status read_alphabets(const std::filesystem::path& file);

    std::unique_ptr<onnx::Session> session_;
    std::unordered_map<char32_t, int64_t> input_;  // ids from 1 on
    std::vector<char32_t> output_;                 // of id i + 1
    size_t longest_ = 0;
};

}  // namespace coda::models::hibari
