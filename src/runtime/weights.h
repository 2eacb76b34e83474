// A weight file, mapped or read: named tensors and the metadata beside them. Reads GGUF (v2, v3),
// CTranslate2's model.bin, whisper.cpp's ggml and safetensors, told apart by their first bytes. Every offset,
// length, count and shape is checked before use, so that any bytes at all give either a Weights or an Error
// that names file, field and mend. Thread safety: immutable after open. Ownership: a Weights owns the
// mapping; every view and string_view it hands out lives as long as it does.
#pragma once

#include "base/file_map.h"
#include "base/result.h"
#include "runtime/tensor.h"

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace coda::runtime {

enum class WeightsFormat { gguf, ctranslate2, whisper_ggml, safetensors };
const char* to_string(WeightsFormat format);

// What llama.cpp calls the parts of a GGUF: NAME-00002-of-00005.gguf.
struct SplitName {
    std::string stem;  // NAME
    int part = 0, count = 0;
    std::string of_part(int number) const;
};
std::optional<SplitName> split_name(const std::string& file_name);

// Integers of all widths become int64 (a u64 above its range is refused), floats double.
using MetadataValue = std::variant<bool, int64_t, double, std::string_view, std::vector<bool>,
                                   std::vector<int64_t>, std::vector<double>, std::vector<std::string_view>>;

class Weights {
  public:
    enum class Access { map, read };
    // Of a GGUF in parts (NAME-00001-of-00003.gguf) any part; the others lie beside it. Fails with not_found
    // (a missing part is named), io, bad_format or unsupported (an element type this build does not read,
    // named).
    static Result<std::shared_ptr<const Weights>> open(const std::filesystem::path& path,
                                                       Access access = Access::map);
    // The same over bytes in memory, which must outlive the Weights; `name` stands in for the path in errors.
    static Result<std::shared_ptr<const Weights>> parse(std::span<const std::byte> bytes, std::string name);
    // The parts of one GGUF, the first first, as one: its metadata are the first's. Fails with bad_format
    // where they do not belong together.
    static Result<std::shared_ptr<const Weights>> join(std::vector<std::shared_ptr<const Weights>> parts);

    WeightsFormat format() const { return format_; }
    const std::string& path() const { return path_; }

    // In the file's order; aliases (CTranslate2) are found by name but not listed.
    std::span<const TensorView> tensors() const { return tensors_; }
    const TensorView* find(std::string_view name) const;
    // Fails with bad_format when the tensor is missing, or its shape differs; the second form checks that.
    Result<TensorView> get(std::string_view name) const;
    Result<TensorView> get(std::string_view name, const Shape& shape) const;

    // Metadata. Keys: GGUF's own; CTranslate2: "spec", "revision" and every scalar variable by its name
    // ("encoder/num_heads"); whisper.cpp: "n_vocab", "n_audio_ctx", ... as its hparams are called,
    // "vocabulary" (raw bytes of each token) and the mel filters as tensor "mel_filters" [n_mel, n_fft / 2 +
    // 1]; safetensors: the strings of "__metadata__". A getter gives nothing when the key is missing or of
    // another type; the arrays then come back empty.
    const std::map<std::string, MetadataValue, std::less<>>& metadata() const { return metadata_; }
    std::optional<bool> boolean(std::string_view key) const;
    std::optional<int64_t> integer(std::string_view key) const;
    std::optional<double> number(std::string_view key) const;  // integers too
    std::optional<std::string_view> string(std::string_view key) const;
    std::span<const int64_t> integers(std::string_view key) const;
    std::span<const double> numbers(std::string_view key) const;
    std::span<const std::string_view> strings(std::string_view key) const;
    // As above, but missing or wrong is a bad_format error that names file and key.
    Result<int64_t> require_integer(std::string_view key, int64_t low, int64_t high) const;

    // Gives back the memory of the file's pages, for who has copied what it needs often; views stay valid.
    void release_pages() const;

  private:
    friend struct WeightsParser;
    Weights() = default;
    static Result<std::shared_ptr<const Weights>> open_one(const std::filesystem::path& path, Access access);

    WeightsFormat format_ = WeightsFormat::gguf;
    std::string path_;
    FileMap map_;
    std::span<const std::byte> bytes_;
    std::vector<TensorView> tensors_;
    std::unordered_map<std::string, size_t> by_name_;  // aliases included
    std::map<std::string, MetadataValue, std::less<>> metadata_;
    std::vector<std::shared_ptr<const Weights>> parts_;  // of a joined one, which own its bytes
    std::deque<std::string> kept_;  // text that the metadata views and the file does not hold as it stands
};

// Tells weights apart: a hash of every tensor's name, type, shape and of some of its bytes. Wherever the file
// lies, and in however many parts, it is the same; of a large file it reads little.
uint64_t fingerprint(const Weights& weights);

}  // namespace coda::runtime
