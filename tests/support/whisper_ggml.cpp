#include "tests/support/whisper_ggml.h"

#include "models/whisper/network.h"
#include "models/whisper/vocabulary.h"
#include "runtime/weights.h"

#include <cstring>
#include <vector>

namespace coda::test {
namespace {

using models::whisper::Dimensions;
using models::whisper::Vocabulary;
using runtime::DType;
using runtime::Shape;
using runtime::TensorView;
using runtime::Weights;

class Writer {
  public:
    Writer(const Weights& weights, DType matrices) : weights_(weights), matrices_(matrices) {}

    void number(int64_t value) {
        const auto word = static_cast<int32_t>(value);
        bytes_.append(reinterpret_cast<const char*>(&word), 4);
    }

    void text(std::string_view text) {
        number(static_cast<int64_t>(text.size()));
        bytes_ += text;
    }

    void raw(std::string_view bytes) { bytes_ += bytes; }

    // Rows [first, first + count) of the variable, all of it when count is 0.
    void tensor(const std::string& variable, const std::string& name, int64_t first = 0, int64_t count = 0) {
        const TensorView* found = weights_.find(variable);
        if (!found) {
            missing_ = variable;
            return;
        }
        TensorView view = *found;
        if (count > 0) {
            const int64_t width = view.shape.rank() == 1 ? 1 : view.shape.columns();
            const size_t row = view.bytes.size() / static_cast<size_t>(view.shape[0]);
            view.bytes =
                view.bytes.subspan(row * static_cast<size_t>(first), row * static_cast<size_t>(count));
            view.shape = view.shape.rank() == 1 ? Shape({count}) : Shape({count, width});
        }
        const bool vector = view.shape.rank() == 1 || name.find("positional") != std::string::npos;
        const bool convolution = view.shape.rank() == 3;
        const DType dtype = vector                                   ? DType::f32
                            : convolution && matrices_ != DType::f32 ? DType::f16
                                                                     : matrices_;
        write(name, dtype, view);
    }

    Result<std::string> finish() {
        if (!missing_.empty()) return fail(ErrorCode::not_found, "there is no " + missing_, weights_.path());
        return std::move(bytes_);
    }

  private:
    static int type_code(DType dtype) {
        switch (dtype) {
            case DType::f16:
                return 1;
            case DType::q4_0:
                return 2;
            case DType::q4_1:
                return 3;
            case DType::q8_0:
                return 8;
            default:
                return 0;
        }
    }

    void write(const std::string& name, DType dtype, const TensorView& view) {
        // The biases of the convolutions are columns.
        const bool column = name.find("conv") != std::string::npos && view.shape.rank() == 1;
        number(view.shape.rank() + column);
        number(static_cast<int64_t>(name.size()));
        number(type_code(dtype));
        if (column) number(1);
        for (int i = view.shape.rank(); i-- > 0;) number(view.shape[i]);
        bytes_ += name;
        const std::vector<float> values = to_floats(view);
        const std::vector<std::byte> data = quantize(dtype, values);
        bytes_.append(reinterpret_cast<const char*>(data.data()), data.size());
    }

    const Weights& weights_;
    DType matrices_;
    std::string bytes_, missing_;
};

void write_norm(Writer& out, const std::string& from, const std::string& to) {
    out.tensor(from + "/gamma", to + ".weight");
    out.tensor(from + "/beta", to + ".bias");
}

void write_linear(Writer& out, const std::string& from, const std::string& to, int64_t first = 0,
                  int64_t count = 0, bool bias = true) {
    out.tensor(from + "/weight", to + ".weight", first, count);
    if (bias) out.tensor(from + "/bias", to + ".bias", first, count);
}

void write_layer(Writer& out, const std::string& from, const std::string& to, int64_t width, bool decoder) {
    write_norm(out, from + "self_attention/layer_norm", to + "attn_ln");
    write_linear(out, from + "self_attention/linear_0", to + "attn.query", 0, width);
    write_linear(out, from + "self_attention/linear_0", to + "attn.key", width, width, false);
    write_linear(out, from + "self_attention/linear_0", to + "attn.value", 2 * width, width);
    write_linear(out, from + "self_attention/linear_1", to + "attn.out");
    if (decoder) {
        write_norm(out, from + "attention/layer_norm", to + "cross_attn_ln");
        write_linear(out, from + "attention/linear_0", to + "cross_attn.query");
        write_linear(out, from + "attention/linear_1", to + "cross_attn.key", 0, width, false);
        write_linear(out, from + "attention/linear_1", to + "cross_attn.value", width, width);
        write_linear(out, from + "attention/linear_2", to + "cross_attn.out");
    }
    write_norm(out, from + "ffn/layer_norm", to + "mlp_ln");
    write_linear(out, from + "ffn/linear_0", to + "mlp.0");
    write_linear(out, from + "ffn/linear_1", to + "mlp.2");
}

void write_header(Writer& out, const Dimensions& d, const Vocabulary& vocabulary) {
    out.raw("lmgg");  // "ggml" read as a little-endian number
    for (const int value : {d.vocabulary, d.audio_context, d.audio_width, d.audio_heads, d.audio_layers,
                            d.text_context, d.text_width, d.text_heads, d.text_layers, d.mel_bands, 1})
        out.number(value);
    constexpr int kBins = 201;
    out.number(d.mel_bands);
    out.number(kBins);
    out.raw(std::string(sizeof(float) * static_cast<size_t>(d.mel_bands) * kBins,
                        '\0'));  // Coda computes its own
    out.number(vocabulary.special().end_of_text);
    for (int32_t id = 0; id < vocabulary.special().end_of_text; ++id) out.text(vocabulary.bytes(id));
}

}  // namespace

Result<std::string> whisper_ggml(const std::filesystem::path& ctranslate2_folder, DType matrices) {
    CODA_TRY(const auto weights, Weights::open(ctranslate2_folder / "model.bin"));
    CODA_TRY(const Dimensions d, models::whisper::read_dimensions(*weights));
    CODA_TRY(const Vocabulary vocabulary, Vocabulary::from_folder(ctranslate2_folder));
    Writer out(*weights, matrices);
    write_header(out, d, vocabulary);
    out.tensor("encoder/position_encodings/encodings", "encoder.positional_embedding");
    for (const std::string conv : {"conv1", "conv2"}) write_linear(out, "encoder/" + conv, "encoder." + conv);
    for (int i = 0; i < d.audio_layers; ++i)
        write_layer(out, "encoder/layer_" + std::to_string(i) + "/",
                    "encoder.blocks." + std::to_string(i) + ".", d.audio_width, false);
    write_norm(out, "encoder/layer_norm", "encoder.ln_post");
    out.tensor("decoder/position_encodings/encodings", "decoder.positional_embedding");
    out.tensor("decoder/embeddings/weight", "decoder.token_embedding.weight");
    for (int i = 0; i < d.text_layers; ++i)
        write_layer(out, "decoder/layer_" + std::to_string(i) + "/",
                    "decoder.blocks." + std::to_string(i) + ".", d.text_width, true);
    write_norm(out, "decoder/layer_norm", "decoder.ln");
    return out.finish();
}

}  // namespace coda::test
