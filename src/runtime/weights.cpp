#include "runtime/weights.h"

#include "runtime/weights_parser.h"

namespace coda::runtime {

const char* to_string(WeightsFormat format) {
    switch (format) {
        case WeightsFormat::gguf:
            return "GGUF";
        case WeightsFormat::ctranslate2:
            return "CTranslate2";
        case WeightsFormat::whisper_ggml:
            return "whisper.cpp ggml";
        case WeightsFormat::safetensors:
            return "safetensors";
    }
    return "?";
}

namespace {

uint32_t first_word(std::span<const std::byte> bytes) {
    uint32_t word = 0;
    if (bytes.size() >= sizeof word) std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

// safetensors has no magic: a u64 header length, then a JSON object.
bool looks_like_safetensors(std::span<const std::byte> bytes) {
    if (bytes.size() < 10 || bytes[8] != std::byte{'{'}) return false;
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    return length <= bytes.size();
}

constexpr uint32_t kGgufMagic = 0x46554747;  // "GGUF"
constexpr uint32_t kGgmlMagic = 0x67676d6c;  // "ggml" as a big-endian reading
constexpr uint32_t kMaxCTranslate2Version = 6;

Status parse_by_magic(WeightsParser& parser) {
    const uint32_t word = first_word(parser.file());
    if (word == kGgufMagic) return parser.parse_gguf();
    if (word == kGgmlMagic) return parser.parse_whisper_ggml();
    if (looks_like_safetensors(parser.file())) return parser.parse_safetensors();
    if (word >= 1 && word <= kMaxCTranslate2Version) return parser.parse_ctranslate2();
    return parser.reader.bad("first bytes", "is none of GGUF, CTranslate2, whisper.cpp ggml, safetensors");
}

}  // namespace

std::string SplitName::of_part(int number) const {
    return fmt::format("{}-{:05}-of-{:05}.gguf", stem, number, count);
}

std::optional<SplitName> split_name(const std::string& file) {
    constexpr std::string_view kPattern = "-00000-of-00000.gguf";
    if (file.size() < kPattern.size()) return std::nullopt;
    const size_t stem = file.size() - kPattern.size();
    std::array<int, 2> numbers{};
    size_t read = 0;
    for (size_t i = 0; i < kPattern.size(); ++i) {
        const char expected = kPattern[i], c = file[stem + i];
        if (expected != '0') {
            if (c != expected) return std::nullopt;
            continue;
        }
        if (c < '0' || c > '9') return std::nullopt;
        int& number = numbers[read++ / 5];
        number = number * 10 + (c - '0');
    }
    if (numbers[0] < 1 || numbers[0] > numbers[1]) return std::nullopt;
    return SplitName{file.substr(0, stem), numbers[0], numbers[1]};
}

Result<std::shared_ptr<const Weights>> Weights::open_one(const std::filesystem::path& path, Access access) {
    CODA_TRY(FileMap map, access == Access::map ? FileMap::open(path) : FileMap::read(path));
    CODA_TRY(auto parsed, parse(map.bytes(), path.string()));
    // Moving the map does not move the bytes.
    std::const_pointer_cast<Weights>(parsed)->map_ = std::move(map);
    return parsed;
}

void Weights::release_pages() const {
    map_.release_pages();
    for (const auto& part : parts_) part->release_pages();
}

namespace {

struct PartFiles {
    SplitName name;
    std::vector<std::filesystem::path> paths;
    std::optional<int> missing;  // the first part that is not there
};

std::optional<PartFiles> parts_beside(const std::filesystem::path& path, int64_t count) {
    const auto name = split_name(path.filename().string());
    if (!name || name->count != count) return std::nullopt;
    PartFiles files{*name, {}, {}};
    for (int part = 1; part <= name->count; ++part) {
        files.paths.push_back(path.parent_path() / name->of_part(part));
        std::error_code ignored;
        if (!files.missing && !std::filesystem::exists(files.paths.back(), ignored)) files.missing = part;
    }
    return files;
}

// The parts lie beside the path as it was given, or, where that is a link to one of them, beside its target.
std::optional<PartFiles> find_parts(const std::filesystem::path& path, int64_t count) {
    auto given = parts_beside(path, count);
    if (given && !given->missing) return given;
    std::error_code error;
    const auto target = std::filesystem::canonical(path, error);
    auto linked = error ? std::nullopt : parts_beside(target, count);
    return linked && (!given || !linked->missing) ? linked : given;
}

}  // namespace

Result<std::shared_ptr<const Weights>> Weights::open(const std::filesystem::path& path, Access access) {
    CODA_TRY(auto given, open_one(path, access));
    const int64_t count = given->integer("split.count").value_or(1);
    if (given->format() != WeightsFormat::gguf || count <= 1) return given;
    const auto files = find_parts(path, count);
    if (!files)
        return fail(ErrorCode::bad_format,
                    fmt::format("says it is one of {} parts, but is not called NAME-00001-of-{:05}.gguf",
                                count, count),
                    fmt::format("{}: split.count", path.string()), "give the parts the names they had");
    if (files->missing)
        return fail(ErrorCode::not_found, fmt::format("part {} of {} is missing", *files->missing, count),
                    files->paths[static_cast<size_t>(*files->missing - 1)].string(),
                    "put all parts into one folder");
    std::vector<std::shared_ptr<const Weights>> parts;
    for (int part = 1; part <= count; ++part) {
        if (part == files->name.part) {
            parts.push_back(given);
            continue;
        }
        CODA_TRY(auto other, open_one(files->paths[static_cast<size_t>(part - 1)], access));
        parts.push_back(std::move(other));
    }
    return join(std::move(parts));
}

Result<std::shared_ptr<const Weights>> Weights::join(std::vector<std::shared_ptr<const Weights>> parts) {
    CODA_ASSERT(!parts.empty());
    std::shared_ptr<Weights> whole(new Weights);
    whole->path_ = parts[0]->path_;
    whole->metadata_ = parts[0]->metadata_;
    const auto count = static_cast<int64_t>(parts.size());
    const auto belongs = [&](const Weights& part, int64_t number) {
        return part.format_ == WeightsFormat::gguf && part.integer("split.count") == count &&
               part.integer("split.no") == number;
    };
    for (int64_t i = 0; i < count; ++i) {
        const Weights& part = *parts[static_cast<size_t>(i)];
        WeightsParser parser(*whole);
        if (!belongs(part, i))
            return fail(ErrorCode::bad_format, fmt::format("is not part {} of {} of one model", i + 1, count),
                        fmt::format("{}: split.no", part.path_),
                        "put the parts of one download into one folder");
        for (const TensorView& tensor : part.tensors_) CODA_CHECK(parser.add_tensor(tensor));
    }
    const auto tensors = static_cast<int64_t>(whole->tensors_.size());
    if (const auto said = whole->integer("split.tensors.count"); said && *said != tensors)
        return fail(ErrorCode::bad_format, fmt::format("says {}, but the parts have {}", *said, tensors),
                    fmt::format("{}: split.tensors.count", whole->path_),
                    "put the parts of one download into one folder");
    whole->parts_ = std::move(parts);
    return std::shared_ptr<const Weights>(std::move(whole));
}

Result<std::shared_ptr<const Weights>> Weights::parse(std::span<const std::byte> bytes, std::string name) {
    std::shared_ptr<Weights> weights(new Weights);
    weights->path_ = std::move(name);
    weights->bytes_ = bytes;
    WeightsParser parser(*weights);
    CODA_CHECK(parse_by_magic(parser));
    return std::shared_ptr<const Weights>(std::move(weights));
}

const TensorView* Weights::find(std::string_view name) const {
    const auto found = by_name_.find(std::string(name));
    return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

Result<TensorView> Weights::get(std::string_view name) const {
    if (const TensorView* tensor = find(name)) return *tensor;
    return fail(ErrorCode::bad_format, "is missing", fmt::format("{}: tensor {}", path_, name),
                "this file is not of the architecture it is used for, or is incomplete");
}

Result<TensorView> Weights::get(std::string_view name, const Shape& shape) const {
    CODA_TRY(TensorView tensor, get(name));
    if (tensor.shape == shape) return tensor;
    return fail(ErrorCode::bad_format,
                fmt::format("is {}, expected {}", to_string(tensor.shape), to_string(shape)),
                fmt::format("{}: tensor {}", path_, name),
                "tensors and metadata of this file disagree: get another copy");
}

namespace {

template <class T>
const T* value_of(const std::map<std::string, MetadataValue, std::less<>>& metadata, std::string_view key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? nullptr : std::get_if<T>(&found->second);
}

template <class T>
std::optional<T> scalar_of(const std::map<std::string, MetadataValue, std::less<>>& metadata,
                           std::string_view key) {
    const T* value = value_of<T>(metadata, key);
    return value ? std::optional<T>(*value) : std::nullopt;
}

template <class T>
std::span<const T> array_of(const std::map<std::string, MetadataValue, std::less<>>& metadata,
                            std::string_view key) {
    const auto* values = value_of<std::vector<T>>(metadata, key);
    return values ? std::span<const T>(*values) : std::span<const T>();
}

}  // namespace

std::optional<bool> Weights::boolean(std::string_view key) const {
    return scalar_of<bool>(metadata_, key);
}
std::optional<int64_t> Weights::integer(std::string_view key) const {
    return scalar_of<int64_t>(metadata_, key);
}
std::optional<std::string_view> Weights::string(std::string_view key) const {
    return scalar_of<std::string_view>(metadata_, key);
}
std::optional<double> Weights::number(std::string_view key) const {
    if (const auto whole = integer(key)) return static_cast<double>(*whole);
    return scalar_of<double>(metadata_, key);
}
std::span<const int64_t> Weights::integers(std::string_view key) const {
    return array_of<int64_t>(metadata_, key);
}
std::span<const double> Weights::numbers(std::string_view key) const {
    return array_of<double>(metadata_, key);
}
std::span<const std::string_view> Weights::strings(std::string_view key) const {
    return array_of<std::string_view>(metadata_, key);
}

Result<int64_t> Weights::require_integer(std::string_view key, int64_t low, int64_t high) const {
    const auto value = integer(key);
    if (value && *value >= low && *value <= high) return *value;
    return fail(
        ErrorCode::bad_format,
        value ? fmt::format("is {}, expected {} to {}", *value, low, high) : std::string("is missing"),
        fmt::format("{}: {}", path_, key),
        "this file is not of the architecture it is used for: use another");
}

// --- what the parsers share ---

Status WeightsParser::add_tensor(TensorView tensor) {
    const auto [at, added] = out.by_name_.try_emplace(tensor.name, out.tensors_.size());
    if (!added) return reader.bad(fmt::format("tensor {}", tensor.name), "is there twice");
    out.tensors_.push_back(std::move(tensor));
    return {};
}

Status WeightsParser::add_alias(std::string_view alias, std::string_view name) {
    const auto found = out.by_name_.find(std::string(name));
    if (found == out.by_name_.end())
        return reader.bad(fmt::format("alias {}", alias),
                          fmt::format("names a tensor that is not there: {}", name));
    out.by_name_.try_emplace(std::string(alias), found->second);
    return {};
}

Result<Shape> WeightsParser::shape(std::span<const int64_t> dims, std::string_view tensor) const {
    auto checked = Shape::checked(dims);
    if (!checked)
        return reader.bad(fmt::format("tensor {}", tensor), checked.error().what, checked.error().code);
    return *checked;
}

Result<size_t> WeightsParser::size(DType dtype, const Shape& extents, std::string_view tensor) const {
    auto bytes = byte_size(dtype, extents);
    if (!bytes) return reader.bad(fmt::format("tensor {}", tensor), bytes.error().what);
    return *bytes;
}

namespace {

struct GgmlType {
    const char* name;
    std::optional<DType> dtype = std::nullopt;  // none: not read
};

// By ggml's number.
constexpr GgmlType kGgmlTypes[] = {{"F32", DType::f32},
                                   {"F16", DType::f16},
                                   {"Q4_0", DType::q4_0},
                                   {"Q4_1", DType::q4_1},
                                   {"Q4_2"},
                                   {"Q4_3"},
                                   {"Q5_0", DType::q5_0},
                                   {"Q5_1", DType::q5_1},
                                   {"Q8_0", DType::q8_0},
                                   {"Q8_1"},
                                   {"Q2_K", DType::q2_k},
                                   {"Q3_K", DType::q3_k},
                                   {"Q4_K", DType::q4_k},
                                   {"Q5_K", DType::q5_k},
                                   {"Q6_K", DType::q6_k},
                                   {"Q8_K"},
                                   {"IQ2_XXS"},
                                   {"IQ2_XS"},
                                   {"IQ3_XXS"},
                                   {"IQ1_S"},
                                   {"IQ4_NL", DType::iq4_nl},
                                   {"IQ3_S"},
                                   {"IQ2_S"},
                                   {"IQ4_XS", DType::iq4_xs},
                                   {"I8", DType::i8},
                                   {"I16", DType::i16},
                                   {"I32", DType::i32},
                                   {"I64", DType::i64},
                                   {"F64", DType::f64},
                                   {"IQ1_M"},
                                   {"BF16", DType::bf16},
                                   {"Q4_0_4_4"},
                                   {"Q4_0_4_8"},
                                   {"Q4_0_8_8"},
                                   {"TQ1_0"},
                                   {"TQ2_0"},
                                   {"IQ4_NL_4_4"},
                                   {"IQ4_NL_4_8"},
                                   {"IQ4_NL_8_8"},
                                   {"MXFP4", DType::mxfp4}};

std::string supported_quantizations() {
    std::string names;
    for (const GgmlType& type : kGgmlTypes)
        if (type.dtype && is_weight(*type.dtype))
            names += (names.empty() ? "" : ", ") + std::string(type.name);
    return names;
}

}  // namespace

Result<DType> ggml_dtype(uint32_t type) {
    const bool known = type < std::size(kGgmlTypes);
    if (known && kGgmlTypes[type].dtype) return *kGgmlTypes[type].dtype;
    return fail(ErrorCode::unsupported,
                fmt::format("is quantized as {}; supported are {}",
                            known ? kGgmlTypes[type].name : fmt::format("number {}", type),
                            supported_quantizations()));
}

uint64_t fingerprint(const Weights& weights) {
    uint64_t hash = 14695981039346656037u;  // FNV-1a
    const auto add = [&](std::span<const std::byte> bytes) {
        for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<uint64_t>(byte)) * 1099511628211u;
    };
    constexpr size_t kPlaces = 4, kSample = 64;
    for (const TensorView& tensor : weights.tensors()) {
        add(std::as_bytes(std::span(tensor.name)));
        add({reinterpret_cast<const std::byte*>(&tensor.dtype), 1});
        const int64_t shape[] = {tensor.shape.elements(), tensor.shape.columns()};
        add(std::as_bytes(std::span(shape)));
        for (size_t i = 0; i < kPlaces; ++i) {
            const size_t at = tensor.bytes.size() / kPlaces * i;
            add(tensor.bytes.subspan(at, std::min(kSample, tensor.bytes.size() - at)));
        }
    }
    return hash;
}

}  // namespace coda::runtime
