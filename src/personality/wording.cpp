#include "personality/wording.h"

#include "personality/phrasing.h"

#include <algorithm>
#include <array>
#include <optional>

namespace coda::personality {
namespace {

constexpr double kCatchPhraseRate = 0.3;
constexpr double kAddressRate = 0.6;

uint64_t mixed(uint64_t x) {  // splitmix64's finalizer
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

// Independent draws for the parts of one reply.
class Draws {
  public:
    Draws(uint64_t seed, const std::string& text) : seed_(mixed(seed)) {
        for (const char c : text) seed_ = mixed(seed_ ^ static_cast<unsigned char>(c));
    }
    uint64_t bits(uint64_t of) const { return mixed(seed_ ^ mixed(of + 1)); }
    double unit(uint64_t of) const { return static_cast<double>(bits(of) >> 11) * 0x1.0p-53; }

  private:
    uint64_t seed_;
};
constexpr uint64_t kOpeningDraw = 100, kAddressDraw = 101, kCatchDraw = 102, kPhraseDraw = 200;

struct Chosen {
    Addition::Place place;
    std::string sentence;
    double margin;  // how clearly it was drawn; the clearest are said
    size_t order;   // among those of the same place
};

// What can be said of `trait` on this side: what fits the kind, else what fits any.
const Addition* fitting(Trait trait, bool high, const Template& what) {
    const Addition* any = nullptr;
    for (const Addition& addition : additions()) {
        if (addition.trait != trait || addition.high != high ||
            !(addition.acts & static_cast<uint8_t>(what.act)))
            continue;
        if (addition.kind == what.kind) return &addition;
        if (addition.kind.empty()) any = &addition;
    }
    return any;
}

// Without creativity always the first of the phrases, with it any.
std::string_view phrase_of(const Addition& addition, double creativity, uint64_t bits) {
    const size_t all = addition.say.size();
    const size_t open = creativity < 0 ? 1 : creativity > 0 ? all : (all + 1) / 2;
    return addition.say[bits % open];
}

std::vector<Chosen> drawn(const Template& what, const Traits& traits, const Character& character,
                          const Draws& draws) {
    std::vector<Chosen> out;
    for (const Trait trait : kAllTraits) {
        const double lean = traits.lean(trait);
        const auto of = static_cast<uint64_t>(trait);
        const double margin = std::abs(lean) - draws.unit(of);
        if (lean == 0 || margin <= 0) continue;
        const Addition* addition = fitting(trait, lean > 0, what);
        if (!addition) continue;
        const std::string_view say =
            phrase_of(*addition, traits.lean(Trait::creativity), draws.bits(kPhraseDraw + of));
        // An offer comes last.
        out.push_back(
            {addition->place, std::string(say), margin, trait == Trait::proactivity ? kTraits + 1 : of});
    }
    const bool catchy =
        what.act != Act::shortfall && !character.catch_phrases.empty() && traits.lean(Trait::humor) >= 0;
    const double margin = kCatchPhraseRate - draws.unit(kCatchDraw);
    if (catchy && margin > 0) {
        const auto& phrases = character.catch_phrases;
        out.push_back({Addition::Place::lead, phrases[draws.bits(kPhraseDraw + kTraits) % phrases.size()],
                       margin + 0.5, kTraits});
    }
    return out;
}

// Of each place the clearest, in their order: one lead, and closes as verbosity allows.
std::vector<std::string> taken(std::vector<Chosen> all, Addition::Place place, size_t most) {
    std::erase_if(all, [&](const Chosen& one) { return one.place != place; });
    std::stable_sort(all.begin(), all.end(),
                     [](const Chosen& a, const Chosen& b) { return a.margin > b.margin; });
    if (all.size() > most) all.resize(most);
    std::sort(all.begin(), all.end(), [](const Chosen& a, const Chosen& b) { return a.order < b.order; });
    std::vector<std::string> out;
    for (Chosen& one : all) out.push_back(std::move(one.sentence));
    return out;
}

std::string joined(const std::vector<std::string>& sentences) {
    std::string out;
    for (const std::string& sentence : sentences) out += (out.empty() ? "" : " ") + sentence;
    return out;
}

// What the tool said, in the character's words.
std::vector<std::string> core_of(const Template& what, const std::string& text, const Traits& traits,
                                 const Character& character, const Draws& draws) {
    std::vector<std::string> core = sentences_of(text);
    if (traits.lean(Trait::creativity) > draws.unit(kOpeningDraw))
        core.front() = with_other_opening(core.front(), what.kind, draws.bits(kOpeningDraw));
    if (what.act == Act::social && traits.lean(Trait::proactivity) < 0)
        while (core.size() > 1 && core.back().ends_with('?')) core.pop_back();
    if (traits.lean(Trait::verbosity) < 0) core.front() = without_opening(core.front());
    for (std::string& sentence : core) {
        if (traits.lean(Trait::formality) > 0) sentence = formal(sentence);
        if (traits.lean(Trait::formality) < 0) sentence = casual(sentence);
    }
    if (draws.unit(kAddressDraw) < kAddressRate) {
        std::string& sentence = what.act == Act::social ? core.front() : core.back();
        sentence = addressed(sentence, character.address);
    }
    return core;
}

}  // namespace

bool is_shortfall(const std::string& text) {
    static constexpr std::array<std::string_view, 18> kStarts = {
        "I can't ",     "I cannot ",    "I don't ",    "I do not ",     "I didn't ",    "I couldn't ",
        "I could not ", "I haven't ",   "I have no ",  "I'm not able ", "You haven't ", "You don't have ",
        "You can't ",   "There was no", "There is no", "There's no",    "There are no", "Nothing "};
    return std::any_of(kStarts.begin(), kStarts.end(),
                       [&](std::string_view start) { return text.starts_with(start); });
}

std::string reword(const Template& what, const Traits& traits, const Character& character, uint64_t seed) {
    if (what.text.empty() || what.text.find(Kept::kMark) != std::string::npos) return what.text;
    const Kept kept(what.text, what.quotes);
    const Draws draws(seed, what.kind + what.text);
    const std::string core = kept.restore(joined(core_of(what, kept.text(), traits, character, draws)));
    if (core.empty()) return what.text;
    const double verbosity = traits.lean(Trait::verbosity);
    const std::vector<Chosen> chosen = drawn(what, traits, character, draws);
    std::vector<std::string> all = taken(chosen, Addition::Place::lead, 1);
    const size_t leads = all.size();
    const size_t closes = verbosity > 0 ? 2 : verbosity < 0 ? 1 - leads : 1;
    all.push_back(core);
    for (std::string& close : taken(chosen, Addition::Place::close, closes)) all.push_back(std::move(close));
    // Additions speak in the same register.
    if (traits.lean(Trait::formality) > 0)
        for (std::string& sentence : all)
            if (&sentence != &all[leads]) sentence = formal(sentence);
    return joined(all);
}

}  // namespace coda::personality
