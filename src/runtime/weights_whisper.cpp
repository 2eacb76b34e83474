// whisper.cpp's ggml file, little-endian: magic, eleven hparams, mel filters, vocabulary, tensors until the
// end.
#include "runtime/weights_parser.h"

namespace coda::runtime {
namespace {

constexpr const char* kHparams[] = {"n_vocab",       "n_audio_ctx", "n_audio_state", "n_audio_head",
                                    "n_audio_layer", "n_text_ctx",  "n_text_state",  "n_text_head",
                                    "n_text_layer",  "n_mels",      "ftype"};

Status read_hparams(WeightsParser& parser) {
    for (const char* name : kHparams) {
        CODA_TRY(const auto value, parser.reader.read<int32_t>(name));
        if (value < 0) return parser.reader.bad(name, fmt::format("is negative ({})", value));
        parser.set_metadata(name, static_cast<int64_t>(value));
    }
    return {};
}

Status read_mel_filters(WeightsParser& parser) {
    CODA_TRY(const auto mels, parser.reader.read<int32_t>("mel filters"));
    CODA_TRY(const auto bins, parser.reader.read<int32_t>("mel filters"));
    const int64_t dims[] = {mels, bins};
    CODA_TRY(const Shape shape, parser.shape(dims, "mel_filters"));
    CODA_TRY(const size_t size, parser.size(DType::f32, shape, "mel_filters"));
    CODA_TRY(const auto bytes, parser.reader.take(size, "mel filters"));
    return parser.add_tensor({"mel_filters", DType::f32, shape, bytes});
}

// Fewer tokens than n_vocab: the special ones at the end have no text in the file.
Status read_vocabulary(WeightsParser& parser) {
    CODA_TRY(const auto count, parser.reader.read<uint32_t>("vocabulary"));
    CODA_CHECK(parser.reader.check_count(count, 4, "vocabulary"));
    std::vector<std::string_view> tokens;
    tokens.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
        CODA_TRY(const auto length, parser.reader.read<uint32_t>("vocabulary"));
        CODA_TRY(const auto token, parser.reader.text(length, "vocabulary"));
        tokens.push_back(token);
    }
    parser.set_metadata("vocabulary", std::move(tokens));
    return {};
}

Status read_tensor(WeightsParser& parser) {
    ByteReader& reader = parser.reader;
    CODA_TRY(const auto rank, reader.read<uint32_t>("tensor"));
    CODA_TRY(const auto name_length, reader.read<uint32_t>("tensor"));
    CODA_TRY(const auto type, reader.read<uint32_t>("tensor"));
    if (rank > static_cast<uint32_t>(Shape::kMaxRank))
        return reader.bad("tensor", fmt::format("has {} dimensions", rank));
    std::vector<int64_t> dims(rank);
    for (size_t i = 0; i < rank; ++i) {  // the innermost first
        CODA_TRY(const auto extent, reader.read<int32_t>("tensor"));
        dims[rank - 1 - i] = extent;
    }
    CODA_TRY(const auto name, reader.text(name_length, "tensor name"));
    const std::string field = fmt::format("tensor {}", name);
    const auto dtype = ggml_dtype(type);
    if (!dtype) return reader.bad(field, dtype.error().what, ErrorCode::unsupported);
    CODA_TRY(const Shape shape, parser.shape(dims, name));
    CODA_TRY(const size_t size, parser.size(*dtype, shape, name));
    CODA_TRY(const auto bytes, reader.take(size, field));
    return parser.add_tensor({std::string(name), *dtype, shape, bytes});
}

}  // namespace

Status WeightsParser::parse_whisper_ggml() {
    set_format(WeightsFormat::whisper_ggml);
    CODA_CHECK(reader.take(4, "magic"));
    CODA_CHECK(read_hparams(*this));
    CODA_CHECK(read_mel_filters(*this));
    CODA_CHECK(read_vocabulary(*this));
    while (!reader.done()) CODA_CHECK(read_tensor(*this));
    return {};
}

}  // namespace coda::runtime
