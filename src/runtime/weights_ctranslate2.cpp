// CTranslate2's model.bin, binary versions 4 to 6, little-endian: spec, revision, variables, aliases.
#include "runtime/weights_parser.h"

namespace coda::runtime {
namespace {

Result<DType> ctranslate2_dtype(uint8_t code) {
    switch (code) {
        case 0:
            return DType::f32;
        case 1:
            return DType::i8;
        case 2:
            return DType::i16;
        case 3:
            return DType::i32;
        case 4:
            return DType::f16;
        case 5:
            return DType::bf16;
        default:
            return fail(ErrorCode::unsupported, fmt::format("has an unknown element type ({})", code));
    }
}

// The stored length counts the terminating NUL.
Result<std::string_view> read_name(ByteReader& reader, std::string_view field) {
    CODA_TRY(const auto length, reader.read<uint16_t>(field));
    CODA_TRY(const auto text, reader.text(length, field));
    if (text.empty() || text.back() != '\0') return reader.bad(field, "does not end with a NUL");
    return text.substr(0, text.size() - 1);
}

template <class T>
T load(std::span<const std::byte> bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

MetadataValue scalar_value(const TensorView& tensor) {
    switch (tensor.dtype) {
        case DType::i8:
            return static_cast<int64_t>(load<int8_t>(tensor.bytes));
        case DType::i16:
            return static_cast<int64_t>(load<int16_t>(tensor.bytes));
        case DType::i32:
            return static_cast<int64_t>(load<int32_t>(tensor.bytes));
        default:
            return static_cast<double>(to_floats(tensor)[0]);
    }
}

Status read_variable(WeightsParser& parser) {
    ByteReader& reader = parser.reader;
    CODA_TRY(const auto name, read_name(reader, "variable name"));
    const std::string field = fmt::format("variable {}", name);
    CODA_TRY(const auto rank, reader.read<uint8_t>(field));
    CODA_CHECK(reader.check_count(rank, 4, field));
    std::vector<int64_t> dims(rank);
    for (auto& extent : dims) {
        CODA_TRY(const auto value, reader.read<uint32_t>(field));
        extent = value;
    }
    CODA_TRY(const auto code, reader.read<uint8_t>(field));
    CODA_TRY(const auto stored_size, reader.read<uint32_t>(field));
    const auto dtype = ctranslate2_dtype(code);
    if (!dtype) return reader.bad(field, dtype.error().what, ErrorCode::unsupported);
    CODA_TRY(const Shape shape, parser.shape(dims, name));
    CODA_TRY(const size_t size, parser.size(*dtype, shape, name));
    if (size != stored_size)
        return reader.bad(field, fmt::format("says {} bytes, but {} of {} take {}", stored_size,
                                             to_string(shape), to_string(*dtype), size));
    CODA_TRY(const auto bytes, reader.take(size, field));
    TensorView tensor{std::string(name), *dtype, shape, bytes};
    if (rank == 0) parser.set_metadata(name, scalar_value(tensor));
    return parser.add_tensor(std::move(tensor));
}

}  // namespace

Status WeightsParser::parse_ctranslate2() {
    set_format(WeightsFormat::ctranslate2);
    CODA_TRY(const auto version, reader.read<uint32_t>("binary version"));
    if (version < 4)
        return reader.bad("binary version", fmt::format("is {}; 4 to 6 are read", version),
                          ErrorCode::unsupported);
    CODA_TRY(const auto spec, read_name(reader, "spec"));
    set_metadata("spec", spec);
    CODA_TRY(const auto revision, reader.read<uint32_t>("revision"));
    set_metadata("revision", static_cast<int64_t>(revision));
    CODA_TRY(const auto variables, reader.read<uint32_t>("variable count"));
    CODA_CHECK(reader.check_count(variables, 9, "variable count"));
    for (uint32_t i = 0; i < variables; ++i) CODA_CHECK(read_variable(*this));
    CODA_TRY(const auto aliases, reader.read<uint32_t>("alias count"));
    CODA_CHECK(reader.check_count(aliases, 6, "alias count"));
    for (uint32_t i = 0; i < aliases; ++i) {
        CODA_TRY(const auto alias, read_name(reader, "alias"));
        CODA_TRY(const auto name, read_name(reader, "alias"));
        CODA_CHECK(add_alias(alias, name));
    }
    return {};
}

}  // namespace coda::runtime
