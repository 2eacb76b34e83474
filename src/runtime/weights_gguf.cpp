// GGUF versions 2 and 3 (github.com/ggml-org/ggml/blob/master/docs/gguf.md), little-endian.
#include "runtime/weights_parser.h"

#include <limits>

namespace coda::runtime {
namespace {

enum class Type : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

constexpr uint64_t kMaxKeyLength = 65535;
constexpr uint32_t kDefaultAlignment = 32;

// The fewest bytes that one value of the type takes; 0 for a type that there is not.
uint64_t min_bytes(Type type) {
    switch (type) {
        case Type::u8:
        case Type::i8:
        case Type::boolean:
            return 1;
        case Type::u16:
        case Type::i16:
            return 2;
        case Type::u32:
        case Type::i32:
        case Type::f32:
            return 4;
        case Type::string:
        case Type::u64:
        case Type::i64:
        case Type::f64:
            return 8;
        case Type::array:
            return 12;
    }
    return 0;
}

class GgufParser {
  public:
    explicit GgufParser(WeightsParser& parser) : parser_(parser), reader_(parser.reader) {}

    Status parse() {
        parser_.set_format(WeightsFormat::gguf);
        CODA_CHECK(reader_.take(4, "magic"));
        CODA_TRY(const auto version, reader_.read<uint32_t>("version"));
        if (version < 2 || version > 3)
            return reader_.bad("version", fmt::format("is {}; GGUF versions 2 and 3 are read", version),
                               ErrorCode::unsupported);
        CODA_TRY(const auto tensors, reader_.read<uint64_t>("tensor count"));
        CODA_TRY(const auto pairs, reader_.read<uint64_t>("metadata count"));
        CODA_CHECK(reader_.check_count(pairs, 13, "metadata count"));
        for (uint64_t i = 0; i < pairs; ++i) CODA_CHECK(read_pair());
        CODA_CHECK(reader_.check_count(tensors, 24, "tensor count"));
        infos_.reserve(static_cast<size_t>(tensors));
        for (uint64_t i = 0; i < tensors; ++i) CODA_CHECK(read_tensor_info());
        return place_tensors();
    }

  private:
    struct TensorInfo {
        TensorView view;
        uint64_t offset;
        size_t size;
    };

    Result<std::string_view> read_string(std::string_view field) {
        CODA_TRY(const auto length, reader_.read<uint64_t>(field));
        return reader_.text(length, field);
    }

    template <class T>
    Result<T> read_scalar(Type type, std::string_view key) {
        switch (type) {
            case Type::u8:
                return as<T, uint8_t>(key);
            case Type::i8:
                return as<T, int8_t>(key);
            case Type::u16:
                return as<T, uint16_t>(key);
            case Type::i16:
                return as<T, int16_t>(key);
            case Type::u32:
                return as<T, uint32_t>(key);
            case Type::i32:
                return as<T, int32_t>(key);
            case Type::u64:
                return as<T, uint64_t>(key);
            case Type::i64:
                return as<T, int64_t>(key);
            case Type::f32:
                return as<T, float>(key);
            default:
                return as<T, double>(key);
        }
    }

    template <class T, class Stored>
    Result<T> as(std::string_view key) {
        CODA_TRY(const auto value, reader_.read<Stored>(key));
        if constexpr (std::is_same_v<Stored, uint64_t>)
            if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
                return reader_.bad(key, fmt::format("is too large ({})", value));
        return static_cast<T>(value);
    }

    static bool is_float(Type type) { return type == Type::f32 || type == Type::f64; }

    Status read_pair() {
        CODA_TRY(const auto key, read_string("metadata key"));
        if (key.empty() || key.size() > kMaxKeyLength)
            return reader_.bad("metadata key", "has an impossible length");
        CODA_TRY(const auto number, reader_.read<uint32_t>(key));
        const auto type = static_cast<Type>(number);
        if (min_bytes(type) == 0) return reader_.bad(key, fmt::format("has an unknown type ({})", number));
        CODA_TRY(auto value, type == Type::array ? read_array(key) : read_value(type, key));
        parser_.set_metadata(key, std::move(value));
        return {};
    }

    Result<MetadataValue> read_value(Type type, std::string_view key) {
        if (type == Type::string) {
            CODA_TRY(const auto text, read_string(key));
            return MetadataValue(text);
        }
        if (type == Type::boolean) {
            CODA_TRY(const auto flag, reader_.read<uint8_t>(key));
            return MetadataValue(flag != 0);
        }
        if (is_float(type)) {
            CODA_TRY(const auto number, read_scalar<double>(type, key));
            return MetadataValue(number);
        }
        CODA_TRY(const auto number, read_scalar<int64_t>(type, key));
        return MetadataValue(number);
    }

    Result<MetadataValue> read_array(std::string_view key) {
        CODA_TRY(const auto number, reader_.read<uint32_t>(key));
        CODA_TRY(const auto count, reader_.read<uint64_t>(key));
        const auto type = static_cast<Type>(number);
        if (min_bytes(type) == 0)
            return reader_.bad(key, fmt::format("is an array of an unknown type ({})", number));
        if (type == Type::array) return reader_.bad(key, "is an array of arrays", ErrorCode::unsupported);
        CODA_CHECK(reader_.check_count(count, min_bytes(type), key));
        if (type == Type::string) return collect<std::string_view>(count, [&] { return read_string(key); });
        if (type == Type::boolean)
            return collect<bool>(count, [&]() -> Result<bool> {
                CODA_TRY(const auto flag, reader_.read<uint8_t>(key));
                return flag != 0;
            });
        if (is_float(type)) return collect<double>(count, [&] { return read_scalar<double>(type, key); });
        return collect<int64_t>(count, [&] { return read_scalar<int64_t>(type, key); });
    }

    template <class T, class Read>
    Result<MetadataValue> collect(uint64_t count, Read read) {
        std::vector<T> values;
        values.reserve(static_cast<size_t>(count));
        for (uint64_t i = 0; i < count; ++i) {
            CODA_TRY(T value, read());
            values.push_back(std::move(value));
        }
        return MetadataValue(std::move(values));
    }

    Status read_tensor_info() {
        CODA_TRY(const auto name, read_string("tensor name"));
        const std::string field = fmt::format("tensor {}", name);
        CODA_TRY(const auto rank, reader_.read<uint32_t>(field));
        if (rank > static_cast<uint32_t>(Shape::kMaxRank))
            return reader_.bad(field, fmt::format("has {} dimensions", rank));
        std::vector<int64_t> dims(rank);
        for (size_t i = 0; i < rank; ++i) {  // the file lists the innermost first
            CODA_TRY(dims[rank - 1 - i], reader_.read<int64_t>(field));
        }
        CODA_TRY(const auto type, reader_.read<uint32_t>(field));
        CODA_TRY(const auto offset, reader_.read<uint64_t>(field));
        const auto dtype = ggml_dtype(type);
        if (!dtype) return reader_.bad(field, dtype.error().what, ErrorCode::unsupported);
        CODA_TRY(const Shape shape, parser_.shape(dims, name));
        CODA_TRY(const size_t size, parser_.size(*dtype, shape, name));
        infos_.push_back({{std::string(name), *dtype, shape, {}}, offset, size});
        return {};
    }

    Status place_tensors() {
        const int64_t alignment = parser_.out.integer("general.alignment").value_or(kDefaultAlignment);
        if (alignment <= 0 || alignment > (1 << 20) || (alignment & (alignment - 1)) != 0)
            return reader_.bad("general.alignment", fmt::format("is {}, not a power of two", alignment));
        const auto unit = static_cast<uint64_t>(alignment);
        const uint64_t data_start = (reader_.offset() + unit - 1) / unit * unit;
        const uint64_t data_size =
            data_start < parser_.file().size() ? parser_.file().size() - data_start : 0;
        for (auto& [view, offset, size] : infos_) {
            if (offset % unit != 0)
                return reader_.bad(fmt::format("tensor {}", view.name),
                                   fmt::format("starts at {}, which is not aligned to {}", offset, unit));
            if (offset > data_size || size > data_size - offset)
                return reader_.bad(
                    fmt::format("tensor {}", view.name),
                    fmt::format("reaches past the end of the file (offset {}, {} bytes)", offset, size));
            view.bytes = parser_.file().subspan(static_cast<size_t>(data_start + offset), size);
            CODA_CHECK(parser_.add_tensor(std::move(view)));
        }
        return {};
    }

    WeightsParser& parser_;
    ByteReader& reader_;
    std::vector<TensorInfo> infos_;
};

}  // namespace

Status WeightsParser::parse_gguf() {
    return GgufParser(*this).parse();
}

}  // namespace coda::runtime
