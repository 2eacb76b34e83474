// A vocabulary made of the input, then text made of the rest: any vocabulary is refused or works on any text,
// and markers never come out of what people say.
#include "models/llm/chat_template.h"
#include "models/llm/sentence_end.h"
#include "models/llm/text_stream.h"
#include "models/llm/tokenizer.h"

#include <cstdlib>
#include <string>

namespace {

using namespace coda::models;

class Input {
  public:
    Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
    uint8_t byte() { return size_ > 0 ? (--size_, *data_++) : 0; }
    std::string text(size_t length) {
        std::string out;
        while (out.size() < length && size_ > 0) out += static_cast<char>(byte());
        return out;
    }
    std::string rest() { return text(size_); }

  private:
    const uint8_t* data_;
    size_t size_;
};

llm::VocabularyData vocabulary(Input& input) {
    static constexpr const char* kPre[] = {"gpt-2", "smollm", "llama-bpe", "qwen2", "tekken", "gpt-4o"};
    llm::VocabularyData data;
    if (const int rule = input.byte() % 8; rule < 6) {
        data.pre = kPre[rule];
    } else {
        data.model = llm::VocabularyData::Model::sentence_pieces;
        data.add_space_prefix = rule == 6;
        data.unknown = input.byte();
    }
    for (char c = ' '; c <= '~'; ++c) data.tokens.emplace_back(1, c);
    data.types.assign(data.tokens.size(), 1);
    for (int more = input.byte() % 32; more > 0; --more) {
        data.types.push_back(input.byte() % 8);
        data.tokens.push_back(input.text(input.byte() % 12));
    }
    for (const char* marker : {"<|im_start|>", "<|im_end|>", "[INST]", "[/INST]"}) {
        data.tokens.emplace_back(marker);
        data.types.push_back(input.byte() % 8);
    }
    if (data.model == llm::VocabularyData::Model::sentence_pieces)
        for (size_t i = 0; i < data.tokens.size(); ++i)
            data.scores.push_back(static_cast<float>(input.byte()));
    for (int merges = input.byte() % 32; merges > 0; --merges)
        data.merges.push_back(input.text(input.byte() % 12));
    if (input.byte() % 2) data.bos = input.byte();
    if (input.byte() % 2) data.eos = input.byte();
    return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    Input input(bytes, size);
    const auto tokenizer = llm::Tokenizer::create(vocabulary(input), "fuzz");
    if (!tokenizer) return 0;
    const char* jinja = input.byte() % 2 ? "<|im_start|>" : "[INST]";
    const std::string text = input.rest();
    llm::TextStream stream({text.substr(0, text.size() % 3)});
    std::string out;
    for (const int32_t id : tokenizer->encode(text)) {
        if (id < 0 || id >= tokenizer->size() || tokenizer->is_control(id)) std::abort();
        stream.push(tokenizer->piece(id), out);
    }
    stream.finish(out);

    const llm::ChatTemplate chat(jinja, *tokenizer);
    const auto controls = [&](const std::string& said) {
        int count = 0;
        for (const int32_t id : chat.render({{{Role::user, said}}}, llm::ChatTemplate::Last::closed)) {
            count += tokenizer->is_control(id);
        }
        return count;
    };
    if (controls(text) != controls("")) std::abort();
    const std::vector<float> logits(static_cast<size_t>(tokenizer->size()));
    const float probability = llm::SentenceEnds(*tokenizer).probability(logits);
    if (!(probability >= 0 && probability <= 1.0001f)) std::abort();
    (void)llm::without_final_marks(text);
    return 0;
}
