// What the four file parsers share: a cursor that cannot read past the end, and the means to fill a Weights.
// Private to the room.
#pragma once

#include "runtime/weights.h"

#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace coda::runtime {

// Reads little-endian values from the front; every read names the field for the error it may give.
class ByteReader {
  public:
    ByteReader(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

    size_t offset() const { return offset_; }
    size_t remaining() const { return bytes_.size() - offset_; }
    bool done() const { return remaining() == 0; }

    template <class T>
    Result<T> read(std::string_view field) {
        CODA_TRY(const auto raw, take(sizeof(T), field));
        T value;
        std::memcpy(&value, raw.data(), sizeof value);
        return value;
    }

    Result<std::span<const std::byte>> take(uint64_t count, std::string_view field) {
        if (count > remaining())
            return bad(field, fmt::format("needs {} bytes at offset {}, but {} are left", count, offset_,
                                          remaining()));
        const auto view = bytes_.subspan(offset_, static_cast<size_t>(count));
        offset_ += static_cast<size_t>(count);
        return view;
    }

    Result<std::string_view> text(uint64_t length, std::string_view field) {
        CODA_TRY(const auto raw, take(length, field));
        return std::string_view(reinterpret_cast<const char*>(raw.data()), raw.size());
    }

    // A count of things that take at least `bytes_each` in the file: refused when they cannot all be there,
    // so that nobody reserves memory for a count that is a lie.
    Status check_count(uint64_t count, uint64_t bytes_each, std::string_view field) const {
        if (count <= remaining() / bytes_each) return {};
        return bad(field, fmt::format("says {}, more than the file can hold", count));
    }

    // The standard error for this file.
    tl::unexpected<Error> bad(std::string_view field, std::string what,
                              ErrorCode code = ErrorCode::bad_format) const {
        const char* mend = code == ErrorCode::unsupported
                               ? "use a file of a supported kind"
                               : "the file is damaged or cut short: download it again";
        return fail(code, std::move(what), fmt::format("{}: {}", file_, field), mend);
    }

  private:
    std::span<const std::byte> bytes_;
    const std::string& file_;
    size_t offset_ = 0;
};

struct WeightsParser {
    explicit WeightsParser(Weights& weights) : out(weights), reader(weights.bytes_, weights.path_) {}

    Status parse_gguf();
    Status parse_ctranslate2();
    Status parse_whisper_ggml();
    Status parse_safetensors();

    std::span<const std::byte> file() const { return out.bytes_; }
    void set_format(WeightsFormat format) { out.format_ = format; }
    void set_metadata(std::string_view key, MetadataValue value) {
        out.metadata_.insert_or_assign(std::string(key), std::move(value));
    }
    // A view of text that is not in the file as it stands; lives as long as the Weights.
    std::string_view keep(std::string text) { return out.kept_.emplace_back(std::move(text)); }
    // Refuses a second tensor of the same name.
    Status add_tensor(TensorView tensor);
    Status add_alias(std::string_view alias, std::string_view name);
    // Shape and byte count of a tensor as the file claims them, checked.
    Result<Shape> shape(std::span<const int64_t> dims, std::string_view tensor) const;
    Result<size_t> size(DType dtype, const Shape& shape, std::string_view tensor) const;

    Weights& out;
    ByteReader reader;
};

// ggml's numbers for element types, as GGUF and whisper.cpp write them. Fails with unsupported, naming both
// the type and those that are read.
Result<DType> ggml_dtype(uint32_t type);

}  // namespace coda::runtime
