// A small whole model, with bytes changed as the input says (pairs of a u16 offset and a byte): the file is
// refused, or its hyper-parameters, vocabulary and program hold together.
#include "models/llm/chat_template.h"
#include "models/llm/llama_program.h"
#include "models/llm/vocabulary.h"
#include "runtime/weights.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace {

// Just enough of GGUF v3 to write one: little-endian, strings with a u64 length.
class GgufText {
  public:
    template <class T>
    void put(T value) {
        char bytes[sizeof(T)];
        std::memcpy(bytes, &value, sizeof(T));
        bytes_.append(bytes, sizeof(T));
    }
    void put_text(const std::string& text) {
        put<uint64_t>(text.size());
        bytes_ += text;
    }
    void u32(const std::string& key, uint32_t value) { begin(key, 4), put(value); }
    void f32(const std::string& key, float value) { begin(key, 6), put(value); }
    void text(const std::string& key, const std::string& value) { begin(key, 8), put_text(value); }
    void texts(const std::string& key, const std::vector<std::string>& values) {
        begin(key, 9);
        put<uint32_t>(8);
        put<uint64_t>(values.size());
        for (const auto& value : values) put_text(value);
    }
    std::string& bytes() { return bytes_; }

  private:
    void begin(const std::string& key, uint32_t type) {
        put_text(key);
        put(type);
    }
    std::string bytes_;
};

struct Tensor {
    std::string name;
    uint64_t columns, rows;  // rows 0: a vector
};

std::string small_model() {
    const std::vector<std::string> tokens = {"a", "b", "ab", "Ġ", "Ċ", "<|im_start|>", "<|im_end|>"};
    const std::vector<Tensor> tensors = {
        {"token_embd.weight", 8, tokens.size()}, {"output_norm.weight", 8, 0},
        {"blk.0.attn_norm.weight", 8, 0},        {"blk.0.ffn_norm.weight", 8, 0},
        {"blk.0.attn_q.weight", 8, 8},           {"blk.0.attn_k.weight", 8, 4},
        {"blk.0.attn_v.weight", 8, 4},           {"blk.0.attn_output.weight", 8, 8},
        {"blk.0.ffn_gate.weight", 8, 8},         {"blk.0.ffn_up.weight", 8, 8},
        {"blk.0.ffn_down.weight", 8, 8}};
    GgufText out;
    out.bytes() = "GGUF";
    out.put<uint32_t>(3);
    out.put<uint64_t>(tensors.size());
    out.put<uint64_t>(17);
    out.text("general.architecture", "llama");
    out.u32("llama.block_count", 1);
    out.u32("llama.embedding_length", 8);
    out.u32("llama.feed_forward_length", 8);
    out.u32("llama.attention.head_count", 2);
    out.u32("llama.attention.head_count_kv", 1);
    out.u32("llama.context_length", 16);
    out.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    out.f32("llama.rope.freq_base", 1e4f);
    out.text("llama.rope.scaling.type", "linear");
    out.f32("llama.rope.scaling.factor", 2);
    out.text("tokenizer.ggml.model", "gpt2");
    out.text("tokenizer.ggml.pre", "gpt-2");
    out.texts("tokenizer.ggml.tokens", tokens);
    out.texts("tokenizer.ggml.merges", {"a b"});
    out.u32("tokenizer.ggml.eos_token_id", 6);
    out.text("tokenizer.chat_template", "<|im_start|>");
    uint64_t offset = 0;
    for (const Tensor& tensor : tensors) {
        out.put_text(tensor.name);
        out.put<uint32_t>(tensor.rows > 0 ? 2 : 1);
        out.put<uint64_t>(tensor.columns);
        if (tensor.rows > 0) out.put<uint64_t>(tensor.rows);
        out.put<uint32_t>(0);
        out.put<uint64_t>(offset);
        offset += (tensor.columns * std::max<uint64_t>(tensor.rows, 1) * 4 + 31) / 32 * 32;
    }
    out.bytes().resize((out.bytes().size() + 31) / 32 * 32 + offset);
    return out.bytes();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace coda::models;
    static const std::string whole = small_model();
    std::string bytes = whole;
    for (; size >= 3; data += 3, size -= 3) {
        bytes[static_cast<size_t>(data[0] | data[1] << 8) % bytes.size()] = static_cast<char>(data[2]);
    }
    const auto weights = coda::runtime::Weights::parse(std::as_bytes(std::span(bytes)), "fuzz");
    if (!weights) return 0;
    const auto config = llm::read_llama_config(**weights);
    const auto tokenizer = llm::read_tokenizer(**weights);
    if (bytes == whole && !(config && tokenizer)) std::abort();
    for (const auto* error : {config ? nullptr : &config.error(), tokenizer ? nullptr : &tokenizer.error()}) {
        if (error != nullptr && error->message().find('\n') != std::string::npos) std::abort();
    }
    if (tokenizer) {
        (void)tokenizer->encode("ab a\n\xFF");
        llm::ChatTemplate((*weights)->string("tokenizer.chat_template").value_or(""), *tokenizer)
            .render({{{Role::user, "ab"}}}, llm::ChatTemplate::Last::closed);
    }
    if (!config) return 0;
    for (const float frequency : config->rope.frequencies) {
        if (!std::isfinite(frequency)) std::abort();
    }
    const auto program = llm::record_llama(*weights, *config, 16);
    if (bytes == whole && !program) std::abort();
    return 0;
}
