#include "personality/effects.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace coda::personality {
namespace {

using Place = Addition::Place;
using Say = std::string_view;
constexpr uint8_t kAnswer = 1, kDone = 2, kShortfall = 4, kSocial = 8;
static_assert(kAnswer == static_cast<uint8_t>(Act::answer) && kDone == static_cast<uint8_t>(Act::done) &&
              kShortfall == static_cast<uint8_t>(Act::shortfall) &&
              kSocial == static_cast<uint8_t>(Act::social));

constexpr std::array kEffects = {
    Effect{Trait::verbosity, "drops openings such as \"It's\" and \"You said that\", one sentence",
           "opens with what the reply is about, room for more sentences", "Answer in one short sentence.",
           "Answer in full, in three to five sentences."},
    Effect{Trait::assertiveness, "leaves it to you whether that was meant",
           "states that the matter is settled",
           "Suggest rather than tell, and leave every decision to the person.",
           "State your view plainly, and say so when the person is mistaken."},
    Effect{Trait::humor, "no jokes from a language model, and no catch phrases", "adds a quip",
           "Stay serious: no jokes.", "Be witty: a light joke is welcome where it hurts nobody."},
    Effect{Trait::formality, "contracts and uses casual words",
           "writes contractions out and uses formal words",
           "Talk casually, with contractions, as to a friend.",
           "Use formal language, complete sentences and no contractions."},
    Effect{Trait::proactivity, "asks nothing in return", "points to what else can be asked",
           "Answer only what was asked; offer nothing further.",
           "End with an offer of what could be done next, of things that you can really do."},
    Effect{Trait::confidence, "asks you to check", "affirms first",
           "Say how unsure you are, and ask the person to check what matters.",
           "Where you know something, say it with certainty."},
    Effect{Trait::empathy, "keeps to the matter", "is sorry for what it cannot do, and wishes you well",
           "Keep to the matter and leave feelings aside.",
           "Be warm: notice how the person feels, and say so."},
    Effect{Trait::creativity, "says the same thing in the same words", "varies its openings and phrases",
           "Use plain and usual words, and no images.", "Use fresh images and unusual words."},
    Effect{Trait::analytical, "no reasons from a language model", "says where the answer comes from",
           "Give the result without the working.", "Say briefly how the answer comes about."},
};

// ---- the sentences

constexpr Say kFullTime[] = {"Here is the time you asked for.", "You asked about the time."};
constexpr Say kFullDate[] = {"Here is what the calendar has.", "You asked about a date."};
constexpr Say kFullSum[] = {"I have worked out your sum.", "You asked me to calculate something."};
constexpr Say kFullConvert[] = {"I have converted that for you.", "You asked about another unit."};
constexpr Say kFullRecall[] = {"Let me go through what you have told me.", "You asked what I remember."};
constexpr Say kFullAnswer[] = {"Here is what I have for you.", "You asked, and I have looked."};
constexpr Say kFullDone[] = {"I have seen to what you asked for.", "You asked me to take care of something."};
constexpr Say kFullShort[] = {"Let me be clear about what I can do.", "I have thought about how to help."};

constexpr Say kYielding[] = {"If you meant something else, just tell me.",
                             "Say so if that's not what you wanted.", "You know best whether that fits."};
constexpr Say kSettled[] = {"That settles it.", "Take it from me.", "That is that."};
constexpr Say kSettledDone[] = {"Consider the matter closed.", "That is taken care of."};
constexpr Say kSettledShort[] = {"That is how it stands.", "I won't pretend otherwise."};

constexpr Say kQuipTime[] = {
    "Time flies, and I only do the counting.", "The clock never takes a day off, and neither do I.",
    "My watch has no hands, which makes this tricky.", "Tick, tock, and that was the joke."};
constexpr Say kQuipDate[] = {"Calendars: their days are numbered.",
                             "I'd make a joke about dates, but I never get any.",
                             "The calendar and I go way back.", "Days come and go, and I just file them."};
constexpr Say kQuipSum[] = {"And I didn't even need my fingers.", "Numbers love me; it's mutual.",
                            "My abacus sends its regards.", "Maths: the only gym I go to."};
constexpr Say kQuipConvert[] = {"Units: same thing, different outfit.", "I measure twice and joke once.",
                                "Somewhere a ruler is very proud.", "A foot is not a unit I have."};
constexpr Say kQuipMemory[] = {"An elephant wishes it had my memory.",
                               "I'd tie a knot in my handkerchief, if I had one.",
                               "My memory is electric, you know.", "Filed under things worth knowing."};
constexpr Say kQuipAnswer[] = {"And all that without coffee.", "I'm here all week.", "Tip your assistant.",
                               "No electrons were harmed."};
constexpr Say kQuipShort[] = {
    "Not every robot can do everything, and I'm the living proof. Well, the running proof.",
    "My crystal ball is in the wash.", "I left my magic wand at the shop."};

constexpr Say kFormalLead[] = {"As you wish.", "With pleasure.", "At your service."};
constexpr Say kCasualLead[] = {"Sure thing.", "No worries.", "Alrighty."};

constexpr Say kOfferTime[] = {"You can ask me for the time in another city, too.",
                              "If you like, ask me how many days are left until some date."};
constexpr Say kOfferDate[] = {"You can ask me how many days it is until then.",
                              "If you like, ask me about another day."};
constexpr Say kOfferSum[] = {"If there is more to add up, go ahead.",
                             "You can ask me to convert units as well."};
constexpr Say kOfferConvert[] = {"If you need it in another unit, ask me.", "You can give me sums as well."};
constexpr Say kOfferMemory[] = {"You can ask me at any time what I remember.",
                                "If something changes, tell me and I'll correct it."};
constexpr Say kOfferAnswer[] = {"If you need anything else, just ask.", "Ask me what I can do, if you like."};
constexpr Say kOfferShort[] = {"Ask me what I can do, if you like.",
                               "There may be something else that I can do for you."};

constexpr Say kUnsure[] = {"Please check it if much depends on it.", "I hope I have understood you rightly.",
                           "Better look twice if it matters."};
constexpr Say kSure[] = {"Certainly.", "Without a doubt.", "Definitely."};

constexpr Say kSorry[] = {"I'm sorry about this.", "I wish I could do better for you.",
                          "I'm sorry, I know that's not what you hoped for."};
constexpr Say kKind[] = {"I hope that helps you.", "I hope your day is going well.", "Be good to yourself."};
constexpr Say kKindSocial[] = {"I'm happy that you are here.", "I hope you are well."};

constexpr Say kInventive[] = {"Let me pull that out of the hat.", "Fresh from the workshop.",
                              "Here it comes, gift-wrapped.", "Straight off the press."};
constexpr Say kInventiveShort[] = {"Picture me shrugging with all my circuits.",
                                   "Imagine an empty drawer here."};

constexpr Say kSourceTime[] = {"That is by this computer's clock.",
                               "The source is this computer's clock and its time zones."};
constexpr Say kSourceDate[] = {"That is counted from this computer's date.",
                               "I derived it from the calendar."};
constexpr Say kSourceSum[] = {"That was calculated, not estimated.", "I worked it out; I didn't look it up."};
constexpr Say kSourceConvert[] = {"That follows from how the units are defined.",
                                  "I worked it out from what the units mean."};
constexpr Say kSourceMemory[] = {"The source is what you told me yourself.", "I have it in your own words."};
constexpr Say kSourceAnswer[] = {"That comes from a tool, not from a guess.", "A tool of mine gave me that."};
constexpr Say kSourceShort[] = {"None of my tools gives me that.",
                                "The reason is that I have no source for it."};

constexpr std::array kAdditions = {
    Addition{Trait::verbosity, true, Place::lead, kAnswer, "time", kFullTime},
    Addition{Trait::verbosity, true, Place::lead, kAnswer, "date", kFullDate},
    Addition{Trait::verbosity, true, Place::lead, kAnswer, "calculate", kFullSum},
    Addition{Trait::verbosity, true, Place::lead, kAnswer, "convert", kFullConvert},
    Addition{Trait::verbosity, true, Place::lead, kAnswer, "recall", kFullRecall},
    Addition{Trait::verbosity, true, Place::lead, kAnswer, "", kFullAnswer},
    Addition{Trait::verbosity, true, Place::lead, kDone, "", kFullDone},
    Addition{Trait::verbosity, true, Place::lead, kShortfall, "", kFullShort},
    Addition{Trait::assertiveness, false, Place::close, kAnswer | kDone | kShortfall, "", kYielding},
    Addition{Trait::assertiveness, true, Place::close, kAnswer, "", kSettled},
    Addition{Trait::assertiveness, true, Place::close, kDone, "", kSettledDone},
    Addition{Trait::assertiveness, true, Place::close, kShortfall, "", kSettledShort},
    Addition{Trait::humor, true, Place::close, kAnswer, "time", kQuipTime},
    Addition{Trait::humor, true, Place::close, kAnswer, "date", kQuipDate},
    Addition{Trait::humor, true, Place::close, kAnswer, "calculate", kQuipSum},
    Addition{Trait::humor, true, Place::close, kAnswer, "convert", kQuipConvert},
    Addition{Trait::humor, true, Place::close, kAnswer | kDone, "recall", kQuipMemory},
    Addition{Trait::humor, true, Place::close, kDone, "remember", kQuipMemory},
    Addition{Trait::humor, true, Place::close, kAnswer | kDone, "", kQuipAnswer},
    Addition{Trait::humor, true, Place::close, kShortfall, "", kQuipShort},
    Addition{Trait::formality, true, Place::lead, kAnswer | kDone, "", kFormalLead},
    Addition{Trait::formality, false, Place::lead, kAnswer | kDone, "", kCasualLead},
    Addition{Trait::proactivity, true, Place::close, kAnswer, "time", kOfferTime},
    Addition{Trait::proactivity, true, Place::close, kAnswer, "date", kOfferDate},
    Addition{Trait::proactivity, true, Place::close, kAnswer, "calculate", kOfferSum},
    Addition{Trait::proactivity, true, Place::close, kAnswer, "convert", kOfferConvert},
    Addition{Trait::proactivity, true, Place::close, kAnswer, "recall", kOfferMemory},
    Addition{Trait::proactivity, true, Place::close, kDone, "remember", kOfferMemory},
    Addition{Trait::proactivity, true, Place::close, kAnswer | kDone, "", kOfferAnswer},
    Addition{Trait::proactivity, true, Place::close, kShortfall, "", kOfferShort},
    Addition{Trait::confidence, false, Place::close, kAnswer | kDone, "", kUnsure},
    Addition{Trait::confidence, true, Place::lead, kAnswer | kDone, "", kSure},
    Addition{Trait::empathy, true, Place::lead, kShortfall, "", kSorry},
    Addition{Trait::empathy, true, Place::close, kAnswer | kDone, "", kKind},
    Addition{Trait::empathy, true, Place::close, kSocial, "greeting", kKindSocial},
    Addition{Trait::creativity, true, Place::lead, kAnswer | kDone, "", kInventive},
    Addition{Trait::creativity, true, Place::lead, kShortfall, "", kInventiveShort},
    Addition{Trait::analytical, true, Place::close, kAnswer, "time", kSourceTime},
    Addition{Trait::analytical, true, Place::close, kAnswer, "date", kSourceDate},
    Addition{Trait::analytical, true, Place::close, kAnswer, "calculate", kSourceSum},
    Addition{Trait::analytical, true, Place::close, kAnswer, "convert", kSourceConvert},
    Addition{Trait::analytical, true, Place::close, kAnswer, "recall", kSourceMemory},
    Addition{Trait::analytical, true, Place::close, kAnswer | kDone, "", kSourceAnswer},
    Addition{Trait::analytical, true, Place::close, kShortfall, "", kSourceShort},
};

std::string_view prompt_line(Trait trait, double lean) {
    const Effect& effect = effect_of(trait);
    return lean < 0 ? effect.low_prompt : lean > 0 ? effect.high_prompt : std::string_view();
}

void append(std::string& text, std::string_view sentence) {
    if (sentence.empty()) return;
    if (!text.empty()) text += ' ';
    text += sentence;
}

int scaled(int usual, double factor) {
    return std::max(1, static_cast<int>(std::lround(usual * factor)));
}

}  // namespace

std::span<const Addition> additions() {
    return kAdditions;
}

const Effect& effect_of(Trait trait) {
    return kEffects[static_cast<size_t>(trait)];
}

std::string prompt_of(const Character& character, const Traits& traits) {
    std::string out;
    append(out, character.backstory);
    for (const Trait trait : kAllTraits) append(out, prompt_line(trait, traits.lean(trait)));
    if (!character.address.empty())
        append(out, "Now and then call the person \"" + character.address + "\".");
    if (!character.catch_phrases.empty() && traits.lean(Trait::humor) >= 0) {
        append(out, "Phrases that you are fond of:");
        for (const std::string& phrase : character.catch_phrases) append(out, phrase);
    }
    return out;
}

std::string prompt_change(const Traits& told, const Traits& now) {
    std::string out;
    for (const Trait trait : kAllTraits) {
        const std::string_view before = prompt_line(trait, told.lean(trait));
        const std::string_view after = prompt_line(trait, now.lean(trait));
        if (before != after) append(out, after);
    }
    return out;
}

int sentence_limit(int usual, const Traits& traits) {
    const double lean = traits.lean(Trait::verbosity);
    return lean < 0 ? 1 : lean > 0 ? usual + 2 : usual;
}

int token_limit(int usual, const Traits& traits) {
    const double lean = traits.lean(Trait::verbosity);
    return scaled(usual, lean < 0 ? 1 + 0.75 * lean : 1 + lean);
}

double temperature(double usual, const Traits& traits) {
    constexpr double kMost = 0.9;
    const double lean = traits.lean(Trait::creativity);
    if (lean > 0) return std::max(usual, kMost * lean);
    return usual * (1 + lean);
}

}  // namespace coda::personality
