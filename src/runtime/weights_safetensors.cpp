// safetensors (github.com/huggingface/safetensors): u64 header length, a JSON header, then the tensors'
// bytes.
#include "runtime/weights_parser.h"

#include <nlohmann/json.hpp>

namespace coda::runtime {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeader = 100'000'000;  // the format's own limit

Result<DType> safetensors_dtype(std::string_view name) {
    static const std::pair<std::string_view, DType> kTypes[] = {
        {"F32", DType::f32}, {"F16", DType::f16}, {"BF16", DType::bf16}, {"F64", DType::f64},
        {"I8", DType::i8},   {"I16", DType::i16}, {"I32", DType::i32},   {"I64", DType::i64}};
    for (const auto& [known, dtype] : kTypes)
        if (known == name) return dtype;
    return fail(
        ErrorCode::unsupported,
        fmt::format("has elements of type {}; F64, F32, F16, BF16, I64, I32, I16 and I8 are read", name));
}

bool is_count(const Json& value) {
    return value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t{1} << 62;
}

struct Entry {
    std::string_view dtype;
    std::vector<int64_t> dims;
    uint64_t begin = 0, end = 0;
};

// The fields of one tensor's object; nothing when one is missing or of the wrong kind.
std::optional<Entry> read_entry(const Json& object) {
    if (!object.is_object()) return {};
    const auto dtype = object.find("dtype"), shape = object.find("shape"),
               offsets = object.find("data_offsets");
    if (dtype == object.end() || shape == object.end() || offsets == object.end()) return {};
    if (!dtype->is_string() || !shape->is_array() || !offsets->is_array() || offsets->size() != 2) return {};
    Entry entry;
    entry.dtype = dtype->get_ref<const std::string&>();
    for (const Json& extent : *shape) {
        if (!is_count(extent)) return {};
        entry.dims.push_back(extent.get<int64_t>());
    }
    if (!is_count((*offsets)[0]) || !is_count((*offsets)[1])) return {};
    entry.begin = (*offsets)[0].get<uint64_t>();
    entry.end = (*offsets)[1].get<uint64_t>();
    return entry;
}

Status add_entry(WeightsParser& parser, const std::string& name, const Json& object,
                 std::span<const std::byte> data) {
    const std::string field = fmt::format("tensor {}", name);
    const auto entry = read_entry(object);
    if (!entry) return parser.reader.bad(field, "lacks a proper dtype, shape or data_offsets");
    const auto dtype = safetensors_dtype(entry->dtype);
    if (!dtype) return parser.reader.bad(field, dtype.error().what, ErrorCode::unsupported);
    CODA_TRY(const Shape shape, parser.shape(entry->dims, name));
    CODA_TRY(const size_t size, parser.size(*dtype, shape, name));
    if (entry->begin > entry->end || entry->end > data.size() || entry->end - entry->begin != size)
        return parser.reader.bad(
            field, fmt::format("has data_offsets {} to {}, which do not fit its {} bytes", entry->begin,
                               entry->end, size));
    return parser.add_tensor({name, *dtype, shape, data.subspan(static_cast<size_t>(entry->begin), size)});
}

void add_metadata(WeightsParser& parser, const Json& object) {
    for (const auto& [key, value] : object.items())
        if (value.is_string()) parser.set_metadata(key, parser.keep(value.get<std::string>()));
}

}  // namespace

Status WeightsParser::parse_safetensors() {
    set_format(WeightsFormat::safetensors);
    CODA_TRY(const auto length, reader.read<uint64_t>("header length"));
    if (length > kMaxHeader) return reader.bad("header length", fmt::format("is {}", length));
    CODA_TRY(const auto header, reader.text(length, "header"));
    const Json root = Json::parse(header, nullptr, /*allow_exceptions=*/false);
    if (!root.is_object()) return reader.bad("header", "is not a JSON object");
    CODA_TRY(const auto data, reader.take(reader.remaining(), "data"));
    for (const auto& [name, object] : root.items()) {
        if (name == "__metadata__")
            add_metadata(*this, object);
        else
            CODA_CHECK(add_entry(*this, name, object, data));
    }
    return {};
}

}  // namespace coda::runtime
