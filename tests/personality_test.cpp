// Characters in whole turns, without a language model: told apart by a stranger, and adapting to what is
// asked.
#include "assistant/responder.h"
#include "personality/library.h"
#include "tools/recognizer.h"

#include <cctype>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

using personality::Persona;

std::vector<std::string> first_column(const std::string& file, size_t most) {
    std::ifstream in(std::string(CODA_SOURCE_DIR "/tests/data/requests/") + file);
    std::vector<std::string> all, out;
    std::string line;
    for (std::getline(in, line); std::getline(in, line);) all.push_back(line.substr(0, line.find('\t')));
    for (size_t i = 0; i < most; ++i) out.push_back(all.at(i * all.size() / most));  // spread over the file
    return out;
}

std::unique_ptr<Responder> make(const std::string& character, bool adapts) {
    auto loaded = personality::load_character(character, "no such folder");
    CODA_ASSERT(loaded);
    Responder::Options options;
    auto persona = Persona::create({.character = *loaded, .limits = {.enabled = adapts}});
    CODA_ASSERT(persona);
    options.persona = std::move(*persona);
    auto responder = Responder::create(nullptr, options);
    CODA_ASSERT(responder);
    return std::move(*responder);
}

std::string say(Responder& responder, const std::string& words) {
    const auto reply = responder.respond(words, Cancel(), [](const std::string&) { return true; });
    if (!reply) ADD_FAILURE() << words << ": " << reply.error().message();
    return reply ? reply->text : "";
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> out;
    std::string word;
    for (const char c : text + " ") {
        if (std::isalpha(static_cast<unsigned char>(c)) || c == '\'') {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!word.empty()) {
            out.push_back(std::move(word));
            word.clear();
        }
    }
    return out;
}

// Multinomial naive Bayes over words, with one added to every count.
class WordClassifier {
  public:
    void learn(const std::string& character, const std::string& reply) {
        for (const std::string& word : words_of(reply)) {
            ++counts_[character][word];
            ++totals_[character];
            ++vocabulary_[word];
        }
    }
    std::string guess(const std::string& reply) const {
        std::string best;
        double most = -INFINITY;
        for (const auto& [character, counts] : counts_) {
            double score = 0;
            for (const std::string& word : words_of(reply)) {
                const auto at = counts.find(word);
                const double count = at == counts.end() ? 0 : at->second;
                score +=
                    std::log((count + 1) / (totals_.at(character) + static_cast<double>(vocabulary_.size())));
            }
            if (score > most) {
                most = score;
                best = character;
            }
        }
        return best;
    }

  private:
    std::map<std::string, std::map<std::string, double>> counts_;
    std::map<std::string, double> totals_;
    std::map<std::string, int> vocabulary_;
};

// Share of the second half's replies whose character the classifier tells after the first half.
double told_apart(const std::vector<std::string>& characters, const std::vector<std::string>& requests) {
    WordClassifier classifier;
    std::vector<std::pair<std::string, std::string>> unseen;
    for (const std::string& character : characters) {
        const auto responder = make(character, false);
        for (size_t i = 0; i < requests.size(); ++i) {
            const std::string reply = say(*responder, requests[i]);
            if (i % 2 == 0)
                classifier.learn(character, reply);
            else
                unseen.emplace_back(character, reply);
        }
    }
    size_t right = 0;
    std::map<std::string, std::map<std::string, int>> table;
    for (const auto& [character, reply] : unseen) {
        const std::string guess = classifier.guess(reply);
        right += guess == character;
        ++table[character][guess];
    }
    for (const auto& [character, guesses] : table)
        for (const auto& [guess, count] : guesses)
            std::printf("%-10s taken for %-10s %d\n", character.c_str(), guess.c_str(), count);
    return static_cast<double>(right) / static_cast<double>(unseen.size());
}

std::vector<std::string> hundred_requests() {
    std::vector<std::string> requests = first_column("commands.tsv", 70);
    for (std::string& other : first_column("no_tool.tsv", 30)) requests.push_back(std::move(other));
    return requests;
}

TEST(Characters, AreToldApartByTheirReplies) {
    const double share = told_apart({"sterling", "pip", "mira"}, hundred_requests());
    std::printf("the three characters: %.1f %%\n", 100 * share);
    EXPECT_GE(share, 0.8);
}

TEST(Characters, AreToldFromTheDefaultToo) {
    const double share = told_apart({"coda", "sterling", "pip", "mira"}, hundred_requests());
    std::printf("with the default one: %.1f %%\n", 100 * share);
    EXPECT_GE(share, 0.8);
}

TEST(Characters, IntroduceThemselvesAndTellAnecdotes) {
    const auto responder = make("sterling", true);
    EXPECT_NE(say(*responder, "What's your name?").find("Sterling"), std::string::npos);
    EXPECT_NE(say(*responder, "Tell me about yourself.").find("butlers"), std::string::npos);
    const std::string first = say(*responder, "Tell me an anecdote.");
    EXPECT_NE(first, say(*responder, "Tell me another anecdote, please."));
    EXPECT_EQ(say(*make("coda", true), "Who are you?"),
              "I'm Coda, a voice assistant that runs on this computer.");
}

TEST(Adapting, WishesChangeTheNextReply) {
    const auto responder = make("coda", true);
    EXPECT_EQ(say(*responder, "What's 12 times 12?"), "That's 144.");
    say(*responder, "Could you be a bit shorter from now on, please?");
    EXPECT_EQ(say(*responder, "What's 12 times 12?"), "144.");
    say(*responder, "Go back to normal.");
    EXPECT_EQ(say(*responder, "What's 12 times 12?"), "That's 144.");
    say(*responder, "Please be more formal.");
    EXPECT_NE(say(*responder, "What's 12 times 12?").find("That is 144."), std::string::npos);
}

TEST(Adapting, AReopenedTurnTakesItsWishBack) {
    const auto responder = make("coda", true);
    say(*responder, "Be more formal.");
    responder->retract_last();
    EXPECT_EQ(say(*responder, "What's 12 times 12?"), "That's 144.");
}

TEST(Adapting, AHurryShortensAndIsNoOtherRequest) {
    const auto responder = make("coda", true);
    EXPECT_EQ(say(*responder, "I'm in a hurry, what's 12 times 12?"), "144.");
    EXPECT_EQ(say(*responder, "And what's 2 plus 2?"), "4.");
}

TEST(Adapting, BadNewsIsMet) {
    Responder::Options options;
    auto persona = Persona::create({});
    ASSERT_TRUE(persona);
    const std::shared_ptr<Persona> shared = std::move(*persona);
    options.persona = shared;
    auto responder = Responder::create(nullptr, options);
    ASSERT_TRUE(responder);
    say(**responder, "My dog died this morning.");
    EXPECT_GT(shared->traits().lean(personality::Trait::empathy), 0);
    EXPECT_LT(shared->traits().lean(personality::Trait::humor), 0);
}

// The patterns themselves, each with words that must not match.
TEST(Adapting, WishesAreHeardAndTalkIsNot) {
    const auto recognizer = tools::Recognizer::create();
    ASSERT_TRUE(recognizer) << recognizer.error().message();
    const auto wish = [&](const char* words) {
        const auto command = recognizer->command(tools::read_words(words));
        if (command.name != "style") return std::string();
        const auto at = command.fixed.find("wish");
        return at == command.fixed.end() ? std::string("as before") : at->second;
    };
    EXPECT_EQ(wish("Shorter, please."), "shorter");
    EXPECT_EQ(wish("Keep your answers short."), "shorter");
    EXPECT_EQ(wish("That was way too long."), "shorter");
    EXPECT_EQ(wish("Can you give me longer answers?"), "longer");
    EXPECT_EQ(wish("Be serious."), "serious");
    EXPECT_EQ(wish("Would you stop joking around?"), "serious");
    EXPECT_EQ(wish("Be funnier."), "funnier");
    EXPECT_EQ(wish("You're too serious."), "funnier");
    EXPECT_EQ(wish("Please speak more formally with me."), "formal");
    EXPECT_EQ(wish("Don't be so formal."), "casual");
    EXPECT_EQ(wish("Talk like yourself again."), "as before");
    for (const char* talk :
         {"How can I be more confident?", "Why are you so serious?", "Make the story shorter.",
          "Make it warmer in here.", "I am joking.", "What is a formal letter?", "Tell me a joke.",
          "Is a pine tree shorter than an oak?", "Tell me a funny story.", "Do you like to be serious?"})
        EXPECT_EQ(wish(talk), "") << talk;
}

TEST(Adapting, MoodsAreHeardAndTalkIsNot) {
    const auto recognizer = tools::Recognizer::create();
    ASSERT_TRUE(recognizer) << recognizer.error().message();
    const auto hurry = [&](const char* words) {
        return recognizer->mentions("mood.hurry", tools::read_words(words));
    };
    const auto bad_news = [&](const char* words) {
        return recognizer->mentions("mood.bad_news", tools::read_words(words));
    };
    for (const char* words : {"Quick, what's the time?", "I'm really in a rush. What day is it?",
                              "My train leaves in five minutes, what time is it?", "I have no time."})
        EXPECT_TRUE(hurry(words)) << words;
    for (const char* words :
         {"What time is it?", "Why are people always in a hurry?", "How quickly do cats run?"})
        EXPECT_FALSE(hurry(words)) << words;
    for (const char* words : {"My grandmother passed away.", "I lost my job today.", "I feel really sad.",
                              "We broke up.", "I had a terrible day. What time is it?"})
        EXPECT_TRUE(bad_news(words)) << words;
    for (const char* words : {"Did my dog like that?", "Who died in 1980?", "I lost my keys.",
                              "I feel great.", "Why do people feel sad?", "My sister has a cat."})
        EXPECT_FALSE(bad_news(words)) << words;
}

}  // namespace
}  // namespace coda::assistant
