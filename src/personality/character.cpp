#include "personality/character.h"

#include "base/nearest.h"
#include "base/toml.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace coda::personality {
namespace {

constexpr size_t kMaxName = 40, kMaxPhrase = 300, kMaxStory = 4000, kMaxList = 50;  // bytes, entries

class CharacterReader {
  public:
    explicit CharacterReader(const std::string& source) : source_(source) {}

    Result<Character> read(const toml::table& file) {
        for (const auto& [key, node] : file) CODA_CHECK(entry(std::string(key.str()), key, node));
        if (!named_)
            return fail(ErrorCode::bad_format, "has no name", source_, "give it one: name = \"Alba\"");
        return std::move(out_);
    }

  private:
    Status entry(const std::string& name, const toml::key& key, const toml::node& node) {
        if (name == "name") {
            named_ = true;
            return text(name, node, kMaxName, false, out_.name);
        }
        if (name == "address") return text(name, node, kMaxName, true, out_.address);
        if (name == "backstory") return text(name, node, kMaxStory, true, out_.backstory);
        if (name == "voice") return text(name, node, kMaxName, true, out_.voice);
        if (name == "anecdotes") return list(name, node, kMaxStory, out_.anecdotes);
        if (name == "catch_phrases") return list(name, node, kMaxPhrase, out_.catch_phrases);
        if (name == "pace") return number(name, node, 0.5, 2, out_.pace);
        if (name == "traits") return traits(node);
        static const std::vector<std::string> kKeys = {"name",      "address",       "backstory", "voice",
                                                       "anecdotes", "catch_phrases", "pace",      "traits"};
        return unknown(name, key, kKeys);
    }

    Status traits(const toml::node& node) {
        const toml::table* table = node.as_table();
        if (!table) return bad(node, "traits is no table", "write [traits], and under it humor = 0.8");
        for (const auto& [key, value] : *table) {
            const std::string name(key.str());
            const std::optional<Trait> trait = trait_named(name);
            if (!trait) return unknown(name, key, trait_names());
            CODA_CHECK(number(name, value, 0, 1, out_.traits[*trait]));
        }
        return {};
    }

    Status text(const std::string& name, const toml::node& node, size_t most, bool may_be_empty,
                std::string& to) const {
        const auto* value = node.as_string();
        if (!value) return bad(node, name + " is no text", "write it in quotes");
        std::string words;  // line breaks and other control characters become one blank
        for (const char c : value->get()) {
            const bool blank = static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
            if (!blank)
                words += c;
            else if (!words.empty() && words.back() != ' ')
                words += ' ';
        }
        while (!words.empty() && words.back() == ' ') words.pop_back();
        if (words.empty() && !may_be_empty) return bad(node, name + " is empty", "give it some words");
        if (words.size() > most)
            return bad(node, fmt::format("{} has {} bytes", name, words.size()),
                       fmt::format("at most {} are allowed", most));
        to = std::move(words);
        return {};
    }

    Status list(const std::string& name, const toml::node& node, size_t most,
                std::vector<std::string>& to) const {
        const toml::array* values = node.as_array();
        if (!values) return bad(node, name + " is no list", "write it as [\"one\", \"two\"]");
        if (values->size() > kMaxList)
            return bad(node, fmt::format("{} has {} entries", name, values->size()),
                       fmt::format("at most {} are allowed", kMaxList));
        for (const toml::node& value : *values)
            CODA_CHECK(text("an entry of " + name, value, most, false, to.emplace_back()));
        return {};
    }

    Status number(const std::string& name, const toml::node& node, double least, double most,
                  double& to) const {
        const std::optional<double> value = node.value<double>();
        if (!value || !node.is_number() || !(*value >= least && *value <= most))
            return bad(node, name + " has a wrong value",
                       fmt::format("give a number from {} to {}", least, most));
        to = *value;
        return {};
    }

    Status unknown(const std::string& name, const toml::key& key,
                   const std::vector<std::string>& known) const {
        const std::string meant = did_you_mean(name, known);
        return fail(ErrorCode::bad_format, fmt::format("there is no key {}", name),
                    fmt::format("{}:{}", source_, key.source().begin.line),
                    meant.empty() ? fmt::format("the keys are {}", fmt::join(known, ", ")) : meant);
    }

    tl::unexpected<Error> bad(const toml::node& node, std::string what, std::string mend) const {
        return fail(ErrorCode::bad_format, std::move(what),
                    fmt::format("{}:{}", source_, node.source().begin.line), std::move(mend));
    }

    const std::string& source_;
    Character out_;
    bool named_ = false;
};

}  // namespace

Result<Character> parse_character(std::string_view text, const std::string& source) {
    if (text.size() > kMaxCharacterFile)
        return fail(ErrorCode::bad_format, "is too large for a character", source,
                    fmt::format("at most {} bytes are read", kMaxCharacterFile));
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed)
        return fail(ErrorCode::bad_format, std::string(parsed.error().description()),
                    fmt::format("{}:{}", source, parsed.error().source().begin.line),
                    "see docs/personality.md");
    return CharacterReader(source).read(parsed.table());
}

}  // namespace coda::personality
