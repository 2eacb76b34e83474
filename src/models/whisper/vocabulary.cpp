#include "models/whisper/vocabulary.h"

#include "base/file_map.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include <nlohmann/json.hpp>
#include <utf8proc.h>

namespace coda::models::whisper {
namespace {

constexpr size_t kMaxTokens = size_t{1} << 20;
constexpr size_t kMaxFileBytes = size_t{64} << 20;
constexpr int32_t kEnglishTextTokens =
    50256;  // GPT-2's; the multilingual vocabulary has one more, of its own

// In the order of their tokens; large-v3 added the last.
constexpr std::array<const char*, 100> kLanguageCodes = {
    "en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt",  "tr", "pl", "ca", "nl", "ar", "sv", "it", "id",
    "hi", "fi", "vi", "he", "uk", "el", "ms", "cs", "ro",  "da", "hu", "ta", "no", "th", "ur", "hr", "bg",
    "lt", "la", "mi", "ml", "cy", "sk", "te", "fa", "lv",  "bn", "sr", "az", "sl", "kn", "et", "mk", "br",
    "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw",  "gl", "mr", "pa", "si", "km", "sn", "yo", "so",
    "af", "oc", "ka", "be", "tg", "sd", "gu", "am", "yi",  "lo", "uz", "fo", "ht", "ps", "tk", "nn", "mt",
    "sa", "lb", "my", "bo", "tl", "mg", "as", "tt", "haw", "ln", "ha", "ba", "jw", "su", "yue"};

// GPT-2 writes each byte as one character: printable ones as themselves, the others from U+0100 on.
std::unordered_map<int32_t, char> byte_of_character() {
    std::unordered_map<int32_t, char> bytes;
    int32_t next = 256;
    for (int32_t byte = 0; byte < 256; ++byte) {
        const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
        bytes[printable ? byte : next++] = static_cast<char>(byte);
    }
    return bytes;
}

std::string bytes_of_name(std::string_view name, const std::unordered_map<int32_t, char>& byte_of) {
    std::string bytes;
    for (size_t at = 0; at < name.size();) {
        utf8proc_int32_t character = -1;
        const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(name.data()) + at,
                                             static_cast<utf8proc_ssize_t>(name.size() - at), &character);
        const size_t step = length > 0 ? static_cast<size_t>(length) : 1;
        const auto found = byte_of.find(character);
        if (length > 0 && found != byte_of.end())
            bytes += found->second;
        else
            bytes += name.substr(at, step);
        at += step;
    }
    return bytes;
}

std::string valid_utf8(std::string_view bytes) {
    std::string text;
    for (size_t at = 0; at < bytes.size();) {
        utf8proc_int32_t character = -1;
        const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()) + at,
                                             static_cast<utf8proc_ssize_t>(bytes.size() - at), &character);
        if (length > 0)
            text += bytes.substr(at, static_cast<size_t>(length));
        else
            text += "\uFFFD";
        at += length > 0 ? static_cast<size_t>(length) : 1;
    }
    return text;
}

tl::unexpected<Error> bad(const std::string& where, std::string what) {
    return fail(ErrorCode::bad_format, std::move(what), where, "copy the model's folder again");
}

// "<|en|>" -> "en"; empty for what cannot be a language.
std::string_view language_code(std::string_view name) {
    if (name.size() < 6 || name.size() > 7 || !name.starts_with("<|") || !name.ends_with("|>")) return {};
    const std::string_view code = name.substr(2, name.size() - 4);
    return std::all_of(code.begin(), code.end(), [](char c) { return c >= 'a' && c <= 'z'; })
               ? code
               : std::string_view{};
}

Status place(std::vector<std::string>& names, const nlohmann::json& name, const nlohmann::json& id,
             const std::string& where) {
    if (!name.is_string() || !id.is_number_unsigned())
        return bad(where, "a token is not a string with a number");
    const auto index = id.get<uint64_t>();
    if (index >= kMaxTokens) return bad(where, "a token's number is " + std::to_string(index));
    if (index >= names.size()) names.resize(index + 1);
    names[index] = name.get<std::string>();
    return {};
}

}  // namespace

Result<Vocabulary> Vocabulary::from_folder(const std::filesystem::path& folder) {
    using Parse = Result<Vocabulary> (*)(std::string_view, const std::string&);
    constexpr std::array<std::pair<const char*, Parse>, 3> kFiles = {
        {{"vocabulary.json", parse_list_json},
         {"vocabulary.txt", parse_list_text},
         {"tokenizer.json", parse_tokenizer_json}}};
    for (const auto& [name, parse] : kFiles) {
        const auto text = read_file(folder / name, kMaxFileBytes);
        if (text) return parse(*text, (folder / name).string());
        if (text.error().code != ErrorCode::not_found) return tl::unexpected(text.error());
    }
    return fail(ErrorCode::not_found, "there is no vocabulary.json, vocabulary.txt or tokenizer.json",
                folder.string(), "a Whisper in CTranslate2's format has one of them beside model.bin");
}

Result<Vocabulary> Vocabulary::parse_list_text(std::string_view text, const std::string& where) {
    std::vector<std::string> names;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        names.emplace_back(line);
        if (names.size() > kMaxTokens) return bad(where, "has more than a million lines");
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return from_names(names, where);
}

Result<Vocabulary> Vocabulary::parse_list_json(std::string_view text, const std::string& where) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_array()) return bad(where, "is not a JSON list of tokens");
    if (json.size() > kMaxTokens) return bad(where, "has more than a million tokens");
    std::vector<std::string> names;
    for (const auto& name : json) {
        if (!name.is_string())
            return bad(where, "token " + std::to_string(names.size()) + " is not a string");
        names.push_back(name.get<std::string>());
    }
    return from_names(names, where);
}

Result<Vocabulary> Vocabulary::parse_tokenizer_json(std::string_view text, const std::string& where) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return bad(where, "is not a JSON object");
    const auto model = json.find("model");
    if (model == json.end() || !model->is_object() || !model->contains("vocab") ||
        !(*model)["vocab"].is_object())
        return bad(where, "has no model.vocab");
    std::vector<std::string> names;
    for (const auto& [name, id] : (*model)["vocab"].items()) CODA_CHECK(place(names, name, id, where));
    if (const auto added = json.find("added_tokens"); added != json.end()) {
        if (!added->is_array()) return bad(where, "added_tokens is not a list");
        for (const auto& token : *added) {
            if (!token.is_object() || !token.contains("content") || !token.contains("id"))
                return bad(where, "an added token has no content or id");
            CODA_CHECK(place(names, token["content"], token["id"], where));
        }
    }
    return from_names(names, where);
}

Result<Vocabulary> Vocabulary::from_names(const std::vector<std::string>& names, const std::string& where) {
    Vocabulary vocabulary;
    CODA_CHECK(vocabulary.find_special(names, where));
    const auto byte_of = byte_of_character();
    vocabulary.bytes_.resize(names.size());
    for (int32_t id = 0; id < vocabulary.special_.end_of_text; ++id)
        vocabulary.bytes_[static_cast<size_t>(id)] = bytes_of_name(names[static_cast<size_t>(id)], byte_of);
    vocabulary.find_suppressed();
    return vocabulary;
}

Status Vocabulary::find_special(const std::vector<std::string>& names, const std::string& where) {
    std::unordered_map<std::string_view, int32_t> ids;
    for (size_t i = 0; i < names.size(); ++i) ids.emplace(names[i], static_cast<int32_t>(i));
    const std::pair<const char*, int32_t*> wanted[] = {
        {"<|endoftext|>", &special_.end_of_text}, {"<|startoftranscript|>", &special_.start_of_transcript},
        {"<|translate|>", &special_.translate},   {"<|transcribe|>", &special_.transcribe},
        {"<|startoflm|>", &special_.start_of_lm}, {"<|startofprev|>", &special_.start_of_previous},
        {"<|nospeech|>", &special_.no_speech},    {"<|notimestamps|>", &special_.no_timestamps}};
    for (const auto& [name, id] : wanted) {
        auto found = ids.find(name);
        if (found == ids.end() && id == &special_.no_speech) found = ids.find("<|nocaptions|>");
        if (found == ids.end()) return bad(where, std::string("has no token ") + name);
        *id = found->second;
        if (*id < special_.end_of_text)
            return bad(where, std::string(name) + " stands among the text's tokens");
    }
    for (int32_t id = special_.end_of_text; id < static_cast<int32_t>(names.size()); ++id)
        if (const auto code = language_code(names[static_cast<size_t>(id)]); !code.empty())
            languages_.push_back({code == "iw" ? "he" : std::string(code), id});  // Hebrew's old code
    multilingual_ = special_.end_of_text > kEnglishTextTokens;
    return {};
}

Result<Vocabulary> Vocabulary::from_text_tokens(std::span<const std::string_view> text_tokens, int64_t size,
                                                const std::string& where) {
    constexpr int64_t kWithoutLanguages = 51765;  // English text, eight special tokens, 1,501 timestamps
    Vocabulary vocabulary;
    vocabulary.multilingual_ = size > kWithoutLanguages + 99;
    const int64_t languages = size - kWithoutLanguages - vocabulary.multilingual_;
    const int32_t text = kEnglishTextTokens + vocabulary.multilingual_;
    if (languages < 1 || languages > static_cast<int64_t>(kLanguageCodes.size()))
        return bad(where, "n_vocab is " + std::to_string(size) + "; Whisper has 51864, 51865 or 51866");
    if (static_cast<int64_t>(text_tokens.size()) < text || static_cast<int64_t>(text_tokens.size()) > size)
        return bad(where, "has " + std::to_string(text_tokens.size()) + " tokens of text, not " +
                              std::to_string(text));

    vocabulary.bytes_.resize(static_cast<size_t>(size));
    std::copy_n(text_tokens.begin(), text, vocabulary.bytes_.begin());
    SpecialTokens& special = vocabulary.special_;
    int32_t next = text;
    special.end_of_text = next++;
    special.start_of_transcript = next++;
    for (int64_t i = 0; i < languages; ++i)
        vocabulary.languages_.push_back({kLanguageCodes[static_cast<size_t>(i)], next++});
    for (int32_t* id : {&special.translate, &special.transcribe, &special.start_of_lm,
                        &special.start_of_previous, &special.no_speech, &special.no_timestamps})
        *id = next++;
    vocabulary.find_suppressed();
    return vocabulary;
}

void Vocabulary::find_suppressed() {
    std::unordered_map<std::string_view, int32_t> ids;
    for (int32_t id = 0; id < special_.end_of_text; ++id) ids.emplace(bytes_[static_cast<size_t>(id)], id);
    std::set<int32_t> found;
    const auto add = [&](const std::string& text) {
        if (const auto at = ids.find(text); at != ids.end()) found.insert(at->second);
    };
    for (const char* symbol : {"\"",  "#",  "(",  ")",   "*",   "+",   "/",   ":",  ";",   "<",  "=",  ">",
                               "@",   "[",  "\\", "]",   "^",   "_",   "`",   "{",  "|",   "}",  "~",  "「",
                               "」",  "『", "』", "<<",  ">>",  "<<<", ">>>", "--", "---", "-(", "-[", "('",
                               "(\"", "((", "))", "(((", ")))", "[[",  "]]",  "{{", "}}",  "♪♪", "♪♪♪"}) {
        add(symbol);
        add(std::string(" ") + symbol);
    }
    // Hyphen and apostrophe may stand inside a word, not before it.
    add(" -");
    add(" '");
    // Notes of music share their first two bytes; where one is several tokens, the first is enough.
    for (const char* note : {"♩", "♪", "♫", "♬", "♭", "♮", "♯"}) {
        for (const std::string& space : {std::string(), std::string(" ")}) {
            std::string text = space + note;
            while (text.size() > space.size() + 1 && !ids.contains(text)) text.pop_back();
            add(text);
        }
    }
    for (const int32_t id : {special_.transcribe, special_.translate, special_.start_of_transcript,
                             special_.start_of_previous, special_.start_of_lm, special_.no_speech})
        found.insert(id);
    suppressed_.assign(found.begin(), found.end());
    if (const auto space = ids.find(" "); space != ids.end()) suppressed_at_start_.push_back(space->second);
    suppressed_at_start_.push_back(special_.end_of_text);
}

std::optional<int32_t> Vocabulary::language_token(std::string_view code) const {
    for (const Language& language : languages_)
        if (language.code == code) return language.token;
    return std::nullopt;
}

std::string Vocabulary::text(std::span<const int32_t> tokens) const {
    std::string bytes;
    for (const int32_t token : tokens)
        if (token >= 0 && token < special_.end_of_text) bytes += bytes_[static_cast<size_t>(token)];
    return valid_utf8(bytes);
}

}  // namespace coda::models::whisper
